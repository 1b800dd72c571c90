//! The Python client's methods for secrets.

use crate::{client::Zenml, site::Site};
use serde_json::json;

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn every_method_does_on_our_server_what_it_should() {
    let site = Site::ours();
    play(&site, &mut site.client());
}

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn on_the_real_server_every_method_does_the_same() {
    let site = Site::real();
    play(&site, &mut site.client());
}

fn play(site: &Site, client: &mut Zenml) {
    let name = |name: &str| site.name(name);
    let made = client.call("create_secret", json!({"name": name("db"), "values": {"a": "1", "b": "2"}}));
    assert_eq!((&made["name"], &made["values"]), (&json!(name("db")), &json!({"a": "1", "b": "2"})));
    assert_eq!(
        (&made["private"], &made["user"], &made["missing"]),
        (&json!(false), &json!(site.username), &json!(false))
    );
    let own =
        client.call("create_secret", json!({"name": name("db"), "values": {"own": "1"}, "private": true}));
    assert_eq!(own["private"], true);
    let (error, _) = client.refused("create_secret", json!({"name": name("db"), "values": {"c": "3"}}));
    assert_eq!(error, "EntityExistsError");

    let get = |which: &serde_json::Value| json!({"name_id_or_prefix": which});
    for which in [json!(name("db")), made["id"].clone()] {
        assert_eq!(client.call("get_secret", get(&which)), made, "{which}");
    }
    let private = json!({"name_id_or_prefix": name("db"), "private": true});
    assert_eq!(client.call("get_secret", private), own);
    let partly = json!({"name_id_or_prefix": name("d"), "allow_partial_name_match": false});
    assert_eq!(client.refused("get_secret", partly).0, "KeyError");
    let by_status = |private: bool| json!({"name": name("db"), "private": private});
    let found = client.call("get_secret_by_name_and_private_status", by_status(false));
    assert_eq!(found, made, "how pipelines resolve {{{{db.a}}}}");
    assert_eq!(client.call("get_secret_by_name_and_private_status", by_status(true)), own);
    let absent = json!({"name": name("none"), "private": true});
    assert_eq!(client.refused("get_secret_by_name_and_private_status", absent).0, "KeyError");

    let mine = format!("startswith:{}", name(""));
    let listed = client.call("list_secrets", json!({"name": mine, "sort_by": "asc:created"}));
    assert_eq!((&listed["total"], &listed["items"][1]["id"]), (&json!(2), &own["id"]));
    assert_eq!(listed["items"][0]["values"], json!({}), "never values in lists");
    let paged =
        client.call("list_secrets", json!({"name": mine, "sort_by": "created", "size": 1, "page": 2}));
    assert_eq!((&paged["total_pages"], &paged["items"][0]["id"]), (&json!(2), &own["id"]));
    let both = json!({"name": [name("db"), mine], "private": false, "user": site.username, "hydrate": true});
    assert_eq!(client.call("list_secrets", both)["items"][0]["id"], made["id"]);
    let private = client.call("list_secrets_by_private_status", json!({"private": true}));
    let ids: Vec<_> = private["items"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
    assert!(ids.contains(&&own["id"]) && !ids.contains(&&made["id"]), "{private}");

    let changed = client.call(
        "update_secret",
        json!({
            "name_id_or_prefix": name("db"),
            "private": false,
            "new_name": name("db2"),
            "add_or_update_values": {"c": "3", "a": "one"},
            "remove_values": ["b"],
        }),
    );
    assert_eq!((&changed["name"], &changed["values"]), (&json!(name("db2")), &json!({"a": "one", "c": "3"})));
    assert_eq!(changed["id"], made["id"]);
    let closed = json!({"name_id_or_prefix": made["id"], "update_private": true});
    assert_eq!(client.call("update_secret", closed)["private"], true);
    let taken = json!({"name_id_or_prefix": made["id"], "new_name": name("db")});
    assert_eq!(client.refused("update_secret", taken).0, "EntityExistsError");

    for id in [&made["id"], &own["id"]] {
        client.call("delete_secret", json!({"name_id_or_prefix": id}));
        let (error, _) = client.refused("delete_secret", json!({"name_id_or_prefix": id}));
        assert_eq!(error, "KeyError");
    }
    for method in ["backup_secrets", "restore_secrets"] {
        let (error, text) = client.refused(method, json!({"ignore_errors": true, "delete_secrets": false}));
        assert_eq!(error, "NotImplementedError", "{text}");
    }
}
