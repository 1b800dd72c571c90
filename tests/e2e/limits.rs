//! How large a secret may be.

use crate::support::Home;

#[test]
fn exactly_65536_bytes_of_keys_and_values_fit() {
    let home = Home::new();
    let value = "x".repeat(65_535);
    assert_eq!(home.run_with(&value, ["secret", "create", "fits", "--k=@-"]).code, 0);
    assert_eq!(home.ok(["secret", "get", "fits", "k"]), value);

    let ended = home.run_with("x".repeat(65_536), ["secret", "create", "over", "--k=@-"]);
    assert_eq!((ended.code, ended.err.lines().count()), (2, 1), "{}", ended.err);
    assert!(ended.err.contains("65537") && ended.err.contains("65536"), "{}", ended.err);
    home.fails(3, ["secret", "get", "over"]);
}

#[test]
fn bytes_are_counted_and_not_characters() {
    let home = Home::new();
    // Four bytes each, and four for the key.
    let value = "😀".repeat(16_383);
    assert_eq!(home.run_with(&value, ["secret", "create", "fits", "--😀=@-"]).code, 0);
    let ended = home.run_with(format!("{value}x"), ["secret", "create", "over", "--😀=@-"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
}

#[test]
fn an_update_that_would_grow_too_large_changes_nothing() {
    let home = Home::new();
    assert_eq!(home.run_with("x".repeat(40_000), ["secret", "create", "s", "--a=@-"]).code, 0);
    let ended = home.run_with("x".repeat(40_000), ["secret", "update", "s", "--b=@-", "--c=1"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
    let secret = home.json(["secret", "get", "s"]);
    assert_eq!(secret["revision"], 1);
    assert_eq!(secret["values"].as_object().unwrap().len(), 1);
}

#[test]
fn many_keys_are_no_problem() {
    let home = Home::new();
    let map: std::collections::BTreeMap<_, _> = (0..5000).map(|n| (format!("k{n}"), "v")).collect();
    let ended = home.run_with(serde_json::to_string(&map).unwrap(), ["secret", "create", "s", "-v", "@-"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(home.values("s").as_object().unwrap().len(), 5000);
}

#[test]
fn input_without_end_is_refused() {
    let home = Home::new();
    let error = home.fails(2, ["secret", "create", "s", "--a=@/dev/zero"]);
    assert!(error.contains("2097152"), "{error}");
}
