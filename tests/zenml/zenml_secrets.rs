//! `zenml secret`, and the same through `strongroom`.

use crate::{program::Program, scenario, site::Site, support::Home};

fn play(site: &Site) {
    scenario::play(&mut site.client(), &site.username, &|name| site.name(name));
}

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn every_secret_command_does_on_our_server_what_it_should() {
    play(&Site::ours());
}

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn the_real_server_does_the_same() {
    play(&Site::real());
}

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn strongroom_beside_our_server_does_the_same() {
    let mut site = Site::ours();
    let mut home = site.home.take().unwrap();
    scenario::play(&mut home, "admin", &|name| site.name(name));
    // What it makes is there for those who come through the server, and the other way round.
    let name = site.name("shared");
    Program::ok(&mut home, &["secret", "create", &name, "--a=1"]);
    let mut client = site.client();
    assert_eq!(Program::values(&mut client, &name)["a"], "1");
    client.ok(["secret", "update", &name, "--a=2"]);
    assert_eq!(Program::values(&mut home, &name)["a"], "2");
}

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn strongroom_from_elsewhere_does_the_same_on_both_servers() {
    for site in [Site::ours(), Site::real()] {
        let mut home = Home::new();
        let password = ["login", &site.url, "--username", &site.username, "--password-stdin"];
        let ended = home.run_with(&site.password, password);
        assert_eq!(ended.code, 0, "{ended:?}");
        scenario::play(&mut home, &site.username, &|name| site.name(name));
    }
}

#[test]
#[ignore = "needs ZenML: cargo xtask test"]
fn lists_are_printed_in_every_format() {
    for site in [Site::ours(), Site::real()] {
        let mut client = site.client();
        let name = site.name("db");
        client.ok(["secret", "create", &name, "--private", "--k=canary"]);
        let filter = format!("--name={name}");
        let mut print = |args: [&str; 2]| {
            let out = client.ok(["secret", "list", &filter, args[0], args[1]]);
            assert!(!out.contains("canary"), "{out}");
            out
        };
        assert!(print(["-o", "table"]).contains("Page (1/1), 1 items found"));
        assert!(print(["-o", "yaml"]).contains(&format!("  name: {name}\n")));
        assert!(print(["-o", "csv"]).contains(&format!(",{name}\n")));
        assert!(print(["-o", "tsv"]).contains(&format!("\t{name}\n")));
        assert!(print(["-c", "private,name"]).contains("True"));
        assert!(print(["-c", "all"]).contains(&site.username));
        let all = client.json(["secret", "list", &filter, "-c", "all"]);
        let item = &all["items"][0];
        assert_eq!((&item["name"], &item["private"]), (&name.as_str().into(), &true.into()), "{all}");
        assert_eq!(all["pagination"]["total"], 1, "{all}");
        client.ok(["secret", "delete", &name, "-y"]);
        assert!(client.ok(["secret", "list", &filter]).contains("No secrets found"));
    }
}
