//! Each rule of the README, seen from outside.

mod access;
mod client;
mod deleting;
mod lists;
mod secrets;
mod tokens;

/// The README names the test of each rule.
#[test]
fn every_rule_names_a_test_that_there_is() {
    let sources = [
        include_str!("access.rs"),
        include_str!("deleting.rs"),
        include_str!("lists.rs"),
        include_str!("secrets.rs"),
        include_str!("tokens.rs"),
    ]
    .concat();
    let rows: Vec<_> =
        include_str!("../../README.md").lines().filter(|line| line.starts_with("| ")).collect();
    let named: Vec<_> = rows.iter().filter_map(|row| row.split('`').nth_back(1)).collect();
    let tests = sources.matches("#[tokio::test]").count();
    assert_eq!(named.len(), tests, "rules and tests");
    for name in named {
        assert!(sources.contains(&format!("async fn {name}()")), "there is no test {name}");
    }
}
