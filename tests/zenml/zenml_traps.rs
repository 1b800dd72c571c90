//! Where the client is led astray by the real server, and is not by ours.

use crate::site::Site;

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn an_exact_name_is_found_behind_any_number_of_longer_ones() {
    let site = Site::ours();
    let token = site.token();
    for n in 0..25 {
        site.secret(&token, &format!("older-db-{n}"), n % 2 == 0);
    }
    let id = site.secret(&token, "db", false);
    let mut client = site.client();
    let shown = client.ok(["secret", "get", "db"]);
    assert!(shown.contains(&id), "{shown}");
    client.ok(["secret", "update", "db", "--k=new"]);
    // A list in another order is not how a name is looked for: it is whole.
    let listed = ["secret", "list", "--name=contains:db", "--id=startswith:db", "--logical_operator=or"];
    assert!(client.json(listed)["pagination"]["total"].as_u64() >= Some(26));
    client.ok(["secret", "rename", "db", "-n", "older"]);
    client.ok(["secret", "delete", "older", "-y"]);
    assert_eq!(site.look(&token, &id).0, 404);
    // Where no name is meant exactly, all that are meant are shown.
    let error = client.fails(["secret", "get", "older-db"]);
    assert!(error.contains("secrets have been found"), "{error}");
}

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn a_name_is_not_taken_for_the_beginning_of_another_secrets_id() {
    let site = Site::ours();
    let token = site.token();
    let other = site.secret(&token, "other", false);
    let name = &other[..5];
    let own = site.secret(&token, name, true);
    let mut client = site.client();
    client.ok(["secret", "update", name, "--k=changed"]);
    assert_eq!(site.look(&token, &own).1["body"]["values"]["k"], "changed");
    assert_eq!(site.look(&token, &other).1["body"]["values"]["k"], "other");
    let shown = client.ok(["secret", "get", name]);
    assert!(shown.contains(&own), "{shown}");
    client.ok(["secret", "delete", name, "-y"]);
    assert_eq!((site.look(&token, &own).0, site.look(&token, &other).0), (404, 200));
    // Without such a name it is the beginning of an id again.
    client.ok(["secret", "delete", name, "-y"]);
    assert_eq!(site.look(&token, &other).0, 404);
}

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn a_sign_in_a_name_stands_for_itself() {
    let site = Site::ours();
    let token = site.token();
    site.secret(&token, "gzx", false);
    site.secret(&token, "g%x", false);
    let mut client = site.client();
    client.fails(["secret", "get", "g_x"]);
    assert!(client.ok(["secret", "get", "g%"]).contains("g%x"));
    assert!(client.ok(["secret", "list", "--name=contains:_"]).contains("No secrets found"));
    assert_eq!(client.json(["secret", "list", "--name=contains:%"])["pagination"]["total"], 1);
}
