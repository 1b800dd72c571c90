//! What the README shows first works as it is written there.

use crate::support::Home;

const README: &str = include_str!("../../README.md");

#[test]
fn the_first_minute_works() {
    let rest = README.split_once("## The first minute").unwrap().1;
    let section = rest.split_once("\n## ").unwrap().0;
    let home = Home::new();
    home.file("pw", "correct horse battery");
    let mut count = 0;
    for command in section.lines().filter_map(|line| line.strip_prefix("$ strongroom ")) {
        let output = home.command(command.split_whitespace()).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        count += 1;
    }
    assert!(count > 5, "{count}");
    assert_eq!(home.ok(["secret", "get", "db", "password"]), "correct horse battery");
    // The last command took back what the update had set.
    assert_eq!(home.values("db").as_object().map(|values| values.len()), Some(2));
}
