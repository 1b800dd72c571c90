//! The client as people start it: a process for each command, with what it remembers in files.

use crate::{client::Zenml, http, site::Site};
use serde_json::json;
use std::{
    thread::sleep,
    time::{Duration, Instant},
};

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn a_day_with_the_client_in_processes_of_their_own() {
    let site = Site::ours();
    let key = service_account(&site);
    let client = Zenml::without_server();
    let ok = |args: &[&str], input: &str| {
        let ended = client.process(args, input);
        assert_eq!(ended.code, 0, "zenml {args:?}: {ended:?}");
        ended.out + &ended.err
    };
    // It asks for the key, which is neither in the arguments nor in the environment.
    ok(&["login", &site.url, "--api-key"], &format!("{key}\n"));
    let shown = ok(&["secret", "create", "db", "--user=admin", "--password=canary"], "");
    assert!(shown.contains("successfully created") && !shown.contains("canary"), "{shown}");
    client.file("values.yaml", "a: one\nb: two\n");
    ok(&["secret", "create", "own", "--private", "-v", "@values.yaml"], "");
    assert!(ok(&["secret", "get", "db"], "").contains("canary"));
    let document = client.process(&["secret", "list", "-o", "json"], "").out;
    let listed: serde_json::Value = serde_json::from_str(&document).expect(&document);
    assert_eq!((&listed["items"][0]["name"], &listed["pagination"]["total"]), (&json!("own"), &json!(2)));
    assert_eq!(client.process(&["secret", "list", "-o", "csv", "-c", "name"], "").out, "name\nown\ndb\n");
    ok(&["secret", "update", "db", "--password=other", "-r", "user"], "");
    ok(&["secret", "rename", "db", "-n", "database"], "");
    ok(&["secret", "export", "database", "-f", "database.yaml"], "");
    assert_eq!(std::fs::read_to_string(client.path("database.yaml")).unwrap(), "password: other\n");
    ok(&["secret", "delete", "own"], "y\n");
    let refused = client.process(&["secret", "get", "own"], "");
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("Could not find a secret"), "{refused:?}");
    let refused = client.process(&["secret", "backup"], "");
    assert!(refused.code == 1 && refused.err.contains("Only admin users"), "{refused:?}");
    ok(&["secret", "delete", "database", "-y"], "");
    ok(&["logout"], "");
}

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn what_the_environment_says_is_enough() {
    let site = Site::ours();
    let key = service_account(&site);
    for client in
        [Zenml::with_key(&site.url, &key), Zenml::with_password(&site.url, &site.username, &site.password)]
    {
        // The first run knows of no project, a later one asks for the one it remembers.
        for name in ["first", "second"] {
            let ended = client.process(&["secret", "create", name, "--k=v"], "");
            assert_eq!(ended.code, 0, "{ended:?}");
            let ended = client.process(&["secret", "delete", name, "-y"], "");
            assert_eq!(ended.code, 0, "{ended:?}");
            assert!(!(ended.out + &ended.err).contains("no longer available"));
        }
    }
    let wrong = Zenml::with_key(&site.url, &key.replace(|c: char| c.is_ascii_digit(), "x"));
    let ended = wrong.process(&["secret", "list"], "");
    assert!(ended.code != 0 && ended.err.contains("CredentialsNotValid"), "{ended:?}");
    assert!(!ended.err.contains(&key));
}

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn values_are_asked_for_without_a_terminal_too() {
    let site = Site::ours();
    let mut client = site.client();
    let ended = client.process(&["secret", "create", "asked", "-i"], "user\nadmin\ny\npassword\ncanary\nn\n");
    assert_eq!(ended.code, 0, "{ended:?}");
    let found = client.call("get_secret", json!({"name_id_or_prefix": "asked"}));
    assert_eq!(found["values"], json!({"user": "admin", "password": "canary"}));
    // One value is given anew, one is skipped, and one is added.
    let keys: Vec<String> = found["values"].as_object().unwrap().keys().cloned().collect();
    let answers: String = keys.iter().map(|key| if key == "user" { "y\nroot\n" } else { "\n" }).collect();
    let ended = client.process(&["secret", "update", "asked", "-i"], &format!("{answers}y\nhost\ndb\nn\n"));
    assert_eq!(ended.code, 0, "{ended:?}");
    let found = client.call("get_secret", json!({"name_id_or_prefix": "asked"}));
    assert_eq!(found["values"], json!({"user": "root", "password": "canary", "host": "db"}));
}

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn a_login_with_a_browser_is_approved_on_our_page() {
    let site = Site::ours();
    for decision in ["deny", "approve"] {
        let client = Zenml::without_server();
        let mut login = client.start(&["login", &site.url], "login.txt");
        let end = Instant::now() + Duration::from_secs(60);
        let code = loop {
            let printed = std::fs::read_to_string(client.path("login.txt")).unwrap();
            let from = printed.split_once("&user_code=").map(|(_, rest)| rest.split_whitespace().next());
            if let Some(Some(code)) = from {
                assert!(printed.contains(&format!("{}/devices/verify?", site.url)), "{printed}");
                break code.to_owned();
            }
            assert!(login.try_wait().unwrap().is_none() && Instant::now() < end, "{printed}");
            sleep(Duration::from_millis(100));
        };
        let form = format!("user_code={code}&username={}&password={}", site.username, site.password);
        let page = http::submit(&site.url, "/devices/verify", &form);
        let text = page.body.as_str().unwrap();
        assert!(page.status == 200 && text.contains("ZenML/0.98.0"), "{page:?}");
        let ticket = text.split_once("name=\"ticket\" value=\"").unwrap().1.split('"').next().unwrap();
        let done =
            http::submit(&site.url, "/devices/verify", &format!("ticket={ticket}&decision={decision}"));
        assert_eq!(done.status, 200, "{done:?}");
        let status = login.wait().unwrap();
        let printed = std::fs::read_to_string(client.path("login.txt")).unwrap();
        if decision == "deny" {
            assert!(!status.success() && printed.contains("access_denied"), "{printed}");
            continue;
        }
        assert!(status.success(), "{printed}");
        let ended = client.process(&["secret", "create", "db", "--k=v"], "");
        assert_eq!(ended.code, 0, "{ended:?}");
        let ended = client.process(&["secret", "get", "db"], "");
        assert!(ended.code == 0 && ended.err.contains("SECRET VALUE"), "{ended:?}");
    }
}

/// A service account's key.
fn service_account(site: &Site) -> String {
    let token = site.token();
    let made =
        http::call(&site.url, &token, "POST", "/service_accounts", &json!({"name": "bot", "active": true}));
    let path = format!("/service_accounts/{}/api_keys", made.body["id"].as_str().unwrap());
    let key = http::call(&site.url, &token, "POST", &path, &json!({"name": "default"}));
    key.body["body"]["key"].as_str().unwrap().to_owned()
}
