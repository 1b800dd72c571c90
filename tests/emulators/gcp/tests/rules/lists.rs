//! Lists, their pages and their filters.

use crate::client::Client;
use serde_json::{Value, json};

fn names(list: &Value, kind: &str) -> Vec<String> {
    let all = list[kind].as_array().cloned().unwrap_or_default();
    all.iter().map(|one| one["name"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn lists_show_the_newest_first_in_pages() {
    let client = Client::new();
    assert_eq!(client.get("secrets").await.ok(), json!({}));
    for id in ["strongroom-c", "strongroom-a", "strongroom-b"] {
        client.create(id, json!({})).await.ok();
    }
    let first = client.get("secrets?pageSize=2").await.ok();
    assert_eq!(names(&first, "secrets"), ["strongroom-b", "strongroom-a"]);
    assert_eq!(first["totalSize"], 3);
    // What goes in between does not move the next page.
    client.call("DELETE", "secrets/strongroom-a", json!(null)).await.ok();
    let token = first["nextPageToken"].as_str().unwrap();
    let second = client.get(&format!("secrets?pageSize=2&pageToken={token}")).await.ok();
    assert_eq!(names(&second, "secrets"), ["strongroom-c"]);
    assert_eq!(second.get("nextPageToken"), None);
    for wrong in ["pageSize=-1", "pageSize=x", "pageToken=nothing"] {
        client.get(&format!("secrets?{wrong}")).await.invalid();
    }
    assert_eq!(names(&client.get("secrets?pageSize=0").await.ok(), "secrets").len(), 2);
}

#[tokio::test]
async fn versions_are_listed_in_any_state() {
    let client = Client::new();
    client.furnished().await;
    client.add(json!({"data": "eA=="})).await.ok();
    client.change("1", "disable").await.ok();
    client.change("2", "destroy").await.ok();
    let first = client.get("secrets/strongroom-a/versions?pageSize=2").await.ok();
    assert_eq!(names(&first, "versions"), ["3", "2"]);
    let token = first["nextPageToken"].as_str().unwrap();
    let second = client.get(&format!("secrets/strongroom-a/versions?pageToken={token}")).await.ok();
    assert_eq!(names(&second, "versions"), ["1"]);
    let enabled = client.get("secrets/strongroom-a/versions?filter=state:ENABLED").await.ok();
    assert_eq!(names(&enabled, "versions"), ["3"]);
}

#[tokio::test]
async fn a_page_has_at_most_25000() {
    let client = Client::new();
    client.create("strongroom-a", json!({})).await.ok();
    for _ in 0..25_001 {
        client.add(json!({"data": "eA=="})).await.ok();
    }
    for size in ["", "?pageSize=30000"] {
        let list = client.get(&format!("secrets/strongroom-a/versions{size}")).await.ok();
        assert_eq!(names(&list, "versions").len(), 25_000);
        assert_eq!(list["nextPageToken"].as_str(), Some("2"));
    }
}

#[tokio::test]
async fn filters_are_kept_or_refused() {
    let client = Client::new();
    for (id, label) in [("strongroom-One", "x"), ("strongroom-two", "x"), ("other-one", "y")] {
        client.create(id, json!({"labels": {"l": label}})).await.ok();
    }
    let found = async |filter: &str| {
        let filter = filter.replace(' ', "%20").replace('"', "%22");
        names(&client.get(&format!("secrets?filter={filter}")).await.ok(), "secrets")
    };
    assert_eq!(found("name:one").await, ["other-one", "strongroom-One"]);
    assert_eq!(found("labels.l=x").await, ["strongroom-two", "strongroom-One"]);
    assert_eq!(found("name:\"ONE\" AND labels.l:x").await, ["strongroom-One"]);
    assert_eq!(found("name:one labels.l:x").await, ["strongroom-One"]);
    assert_eq!(found("labels.m=x").await, [""; 0]);
    for unknown in ["name:a%20OR%20name:b", "NOT%20name:a", "create_time%3E2020", "(name:a)", "name:a*", "a"]
    {
        client.get(&format!("secrets?filter={unknown}")).await.refused(501, "UNIMPLEMENTED");
    }
    client.get("secrets?filter=state:ENABLED").await.invalid();
}
