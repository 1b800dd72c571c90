//! Lists and their pages.

use crate::client::{Client, version};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn ids(page: &Value) -> Vec<String> {
    page["value"].as_array().unwrap().iter().map(version).collect()
}

/// The path of the next page, without the version of the API.
fn next(page: &Value) -> Option<String> {
    let link = page["nextLink"].as_str()?.strip_prefix("https://")?;
    assert!(link.split('/').next().unwrap().contains(':'), "a link without a port: {link}");
    Some(link[link.find('/').unwrap()..].replace("api-version=7.4&", ""))
}

#[tokio::test]
async fn pages_have_at_most_25() {
    let client = Client::new().await;
    assert_eq!(client.get("/secrets").await.ok(), json!({"value": [], "nextLink": null}));
    for n in 10..40 {
        client.call("PUT", &format!("/secrets/s{n}"), json!({"value": "v", "tags": {"n": "x"}})).await.ok();
    }
    let first = client.get("/secrets").await.ok();
    assert_eq!(ids(&first).len(), 25);
    assert_eq!(first["value"][0]["tags"], json!({"n": "x"}));
    assert_eq!(first["value"][0].get("value"), None, "lists have no values");
    // What goes in between does not move the next page.
    client.call("DELETE", "/secrets/s10", Value::Null).await.ok();
    let second = client.get(&next(&first).unwrap()).await.ok();
    assert_eq!((ids(&second), next(&second)), ((35..40).map(|n| format!("s{n}")).collect(), None));
    for wrong in ["maxresults=0", "maxresults=26", "maxresults=x", "$skiptoken=!"] {
        client.get(&format!("/secrets?{wrong}")).await.bad();
    }
    let two = client.get("/secrets?maxresults=2").await.ok();
    assert_eq!(ids(&two), ["s11", "s12"]);
    assert_eq!(ids(&client.get(&next(&two).unwrap()).await.ok()), ["s13", "s14"]);
}

#[tokio::test]
async fn versions_are_listed_with_what_is_set_on_each() {
    let client = Client::new().await;
    let mut made = BTreeSet::new();
    for n in 0..27 {
        let body = json!({"value": "v", "tags": {"n": n.to_string()}});
        made.insert(version(&client.call("PUT", "/secrets/a", body).await.ok()));
    }
    let first = client.get("/secrets/a/versions").await.ok();
    let second = client.get(&next(&first).unwrap()).await.ok();
    assert_eq!((ids(&first).len(), ids(&second).len()), (25, 2));
    assert_eq!(ids(&first).into_iter().chain(ids(&second)).collect::<BTreeSet<_>>(), made);
    assert!(first["value"][0]["tags"]["n"].is_string() && first["value"][0].get("value").is_none());
    let nothing = json!({"value": [], "nextLink": null});
    assert_eq!(client.get("/secrets/b/versions").await.ok(), nothing);
    client.delete().await.ok();
    assert_eq!(client.get("/secrets/a/versions").await.ok(), nothing);
}
