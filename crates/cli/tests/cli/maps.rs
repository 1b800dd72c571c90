//! JSON and YAML maps: what is taken, what is refused, and that nothing gets lost on the way out and in.

use crate::support::{Around, Ended, Program};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

fn create(map: &str) -> (Program, Ended) {
    let program = Program::new();
    let ended = program.run_in(Around::input(map), ["secret", "create", "s", "-v", "@-"]);
    (program, ended)
}

#[test]
fn maps_of_texts_are_taken() {
    for (map, expected) in [
        (r#"{"a": "1", "b": "x y"}"#, json!({"a": "1", "b": "x y"})),
        (r#"{"a": "\ud83d\ude00\u0000", "\u0001": ""}"#, json!({"a": "😀\0", "\u{1}": ""})),
        ("a: x\nb: 'no'\n", json!({"a": "x", "b": "no"})),
        ("{a: x, b: 'y'}", json!({"a": "x", "b": "y"})),
        ("---\na: |\n  one\n  two\n", json!({"a": "one\ntwo\n"})),
        ("a: >-\n  one\n  two\nb: !!str 5", json!({"a": "one two", "b": "5"})),
        ("a: \"\\x1b\\u202e\\U0001f600\"", json!({"a": "\u{1b}\u{202e}😀"})),
        ("{a: x,\n b: 'y',\n}", json!({"a": "x", "b": "y"})),
        ("a: \"one\n  two\"", json!({"a": "one two"})),
        ("'': empty key\n? complex\n: v\n", json!({"": "empty key", "complex": "v"})),
        ("\u{feff}{\"a\": \"1\"}", json!({"a": "1"})),
        ("url: http://x:1/?a=b#c\nip: 10.0.0.1\n", json!({"url": "http://x:1/?a=b#c", "ip": "10.0.0.1"})),
        ("{}", json!({})),
    ] {
        let (program, ended) = create(map);
        assert_eq!(ended.code, 0, "{map}: {}", ended.err);
        assert_eq!(program.json("s")["values"], expected, "{map}");
    }
}

#[test]
fn a_document_behind_its_option_is_taken_and_so_is_a_key_to_remove() {
    let program = Program::new();
    program.ok(["secret", "create", "s", "-v", "---\na: x\nb: y\n"]);
    program.ok(["secret", "update", "s", "--values", "---\n'--c d': z\n"]);
    assert_eq!(program.json("s")["values"], json!({"a": "x", "b": "y", "--c d": "z"}));
    program.ok(["secret", "update", "s", "-r", "--c d", "--remove-keys", "b"]);
    assert_eq!(program.json("s")["values"], json!({"a": "x"}));
    for option in ["-v", "--values"] {
        let ended = program.run(["secret", "update", "s", option]);
        assert_eq!(ended.code, 2, "{option}: {}", ended.err);
        let ended = program.run(["secret", "update", "s", option, "--password=hunter2"]);
        assert!(ended.code == 2 && !ended.err.contains("hunter2"), "{option}: {}", ended.err);
    }
}

#[test]
fn everything_else_is_refused_and_named_without_its_value() {
    for (map, words) in [
        (r#"{"port": 54321}"#, "`port` is a number"),
        (r#"{"a": true}"#, "`a` is true or false"),
        (r#"{"a": null}"#, "`a` is null"),
        (r#"{"a": ["hunter2"]}"#, "`a` is a list"),
        (r#"{"a": {"b": "hunter2"}}"#, "`a` is a map"),
        (r#"{"a": "hunter2", "a": "x"}"#, "`a` is there twice"),
        ("port: 54321", "`port` is a number"),
        ("a: no", "`a` is true or false"),
        ("a: 1e3", "`a` is a number"),
        ("a: 2026-11-22", "`a` is a date"),
        ("a:", "`a` is null"),
        ("a: hunter2\na: x", "`a` is there twice"),
        ("no: x", "the key `no` is true or false"),
        ("a: [hunter2]", "`a` is a list"),
        ("a: {b: hunter2}", "`a` is a map"),
        ("a: &x hunter2\nb: *x", "`b` is an alias"),
        ("a: !!binary aHVudGVyMg==", "tag"),
        (
            "{\"a\": \"-----BEGIN X-----\nhunter2\n-----END X-----\n\"}",
            "line 1: there is a line break inside quotes",
        ),
        ("{\n  \"a\": \"x\",\n  \"b\": \"hunter2\r\ny\"\n}", "line 3: there is a line break inside quotes"),
        ("{a: 'hunter2\n  y'}", "write \\n"),
        ("a: x\n---\nb: hunter2", "more than one document"),
        ("- hunter2", "a map of keys and values"),
        ("hunter2", "a map of keys and values"),
        (r#"["hunter2"]"#, "a map of keys and values"),
        ("{\"a\": \"hunter2", "neither JSON nor YAML"),
        ("a: 'hunter2", "neither JSON nor YAML"),
        ("a: \"hunter2\\q\"", "neither JSON nor YAML"),
        ("a: b: hunter2", "neither JSON nor YAML"),
        ("{\"a\": \"x\"} hunter2", "neither JSON nor YAML"),
    ] {
        let (_, ended) = create(map);
        assert_eq!(ended.code, 2, "{map}");
        assert!(ended.err.contains(words), "{map}: {}", ended.err);
        assert!(ended.err.starts_with("error: --values: "), "{map}: {}", ended.err);
        assert!(!ended.err.contains("hunter2") && !ended.err.contains("54321"), "{map}: {}", ended.err);
    }
}

#[test]
fn very_deep_input_is_refused() {
    for map in ["[".repeat(200_000), "{\"a\":".repeat(200_000), "- ".repeat(100_000)] {
        assert_eq!(create(&map).1.code, 2);
    }
}

/// Texts that some program somewhere reads as something else.
const NASTY: &[&str] = &[
    "",
    " ",
    "no",
    "Null",
    "~",
    "1e3",
    "0x1f",
    "1_000",
    "12:30",
    "2026-11-22",
    " leading",
    "trailing ",
    "\ttab",
    "a\n",
    "\n",
    "\n\na",
    "a\n\n",
    "a\nb",
    "a\n b\n",
    " a\nb",
    "a \nb",
    "a\r\nb",
    "\r",
    "- a",
    "? a",
    "a: b",
    "a #b",
    "#",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "%a",
    "@a",
    "`a",
    "'",
    "\"",
    "\\",
    "[",
    "{",
    "}",
    ",",
    "---",
    "...",
    "=",
    "<<",
    "\0",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{ad}",
    "\u{2028}",
    "\u{202e}",
    "\u{feff}",
    "\u{fffe}",
    "\u{e000}",
    "😀",
    "\u{e0041}",
    "日本",
    "مرحبا",
    "-----BEGIN X-----\nabc\n-----END X-----\n",
    "---\na: b\n",
    "a\n---\n",
    "...\nb",
    "#a\n#b",
    "y",
    "N",
    "on",
    ".inf",
    "-.5",
    "a\u{1b}[2J",
    "a\tb\nc",
    "null\nnull",
    "123\n456",
    "\\n",
    "a'b\"c",
    "{{x}}",
    "${x}",
];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(NASTY).prop_map(str::to_owned),
        proptest::collection::vec(proptest::sample::select(NASTY), 0..4).prop_map(|parts| parts.concat()),
        any::<String>(),
    ]
}

fn kept(values: &BTreeMap<String, String>) -> Result<(), TestCaseError> {
    let program = Program::new();
    let map = serde_json::to_string(values).unwrap();
    let ended = program.run_in(Around::input(map), ["secret", "create", "s", "-v", "@-"]);
    prop_assert_eq!(ended.code, 0, "{}", ended.err);
    for format in ["yaml", "json"] {
        let exported = program.ok(["-o", format, "secret", "export", "s"]);
        let ended = program.run_in(Around::input(exported.clone()), ["secret", "import", "-", "-n", format]);
        prop_assert_eq!(ended.code, 0, "{} {}", ended.err, exported);
        prop_assert_eq!(&program.json(format)["values"], &json!(values), "{}", exported);
    }
    Ok(())
}

#[test]
fn every_nasty_text_survives_export_and_import() {
    for text in NASTY {
        for values in [[("k", *text)], [(*text, "v")]] {
            kept(&values.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect()).unwrap();
        }
    }
}

/// Readers of YAML look no further than 1,024 characters for the end of a key, unless they are told that it is one.
#[test]
fn keys_of_any_length_survive_export_and_import() {
    for long in
        ["k".repeat(128), "k".repeat(129), "\u{1}".repeat(1100), "a b: ".repeat(800), "日本\n".repeat(300)]
    {
        let pairs = [("first", "1"), (&*long, "-----BEGIN X-----\nabc\n-----END X-----\n"), ("z", "")];
        kept(&pairs.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect()).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn any_texts_survive_export_and_import(values in proptest::collection::btree_map(texts(), texts(), 0..6)) {
        kept(&values)?;
    }
}
