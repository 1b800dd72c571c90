use crate::{finds, secret, table};
use strongroom_core::{
    Timestamp,
    filter::{Condition, TextOp},
};

#[test]
fn names_compare_with_every_operator() {
    let rows = [
        ("Db/Main", true),
        ("db/main", false),
        ("equals:Db/Main", true),
        ("equals:Db/Main ", false),
        ("equals:", false),
        ("notequals:Db/Main", false),
        ("notequals:db/main", true),
        ("contains:B/M", true),
        ("contains:b/x", false),
        ("contains:", true),
        ("contains:Db/Main and more", false),
        ("notcontains:B/M", false),
        ("notcontains:b/x", true),
        ("notcontains:", false),
        ("startswith:dB", true),
        ("startswith:b", false),
        ("startswith:", true),
        ("startswith:db/mainx", false),
        ("endswith:MAIN", true),
        ("endswith:mai", false),
        ("endswith:", true),
        ("endswith:xdb/main", false),
        (r#"oneof:["x","Db/Main"]"#, true),
        (r#"oneof:["x","db/main"]"#, false),
        ("oneof:[]", false),
        (r#"notoneof:["x","Db/Main"]"#, false),
        (r#"notoneof:["x","db/main"]"#, true),
        ("notoneof:[]", true),
        ("isnull:", false),
        ("isnotnull:", true),
    ];
    table("name", &secret("Db/Main"), &rows);
}

#[test]
fn no_character_is_a_wildcard() {
    table("name", &secret("gzx"), &[("g_x", false), ("contains:g_x", false), ("startswith:%", false)]);
    table("name", &secret("g_x"), &[("g_x", true), ("contains:_", true), ("endswith:_X", true)]);
    table("name", &secret("100%"), &[("contains:%", true), ("endswith:0%", true), ("startswith:%", false)]);
    table("name", &secret(r"a\b"), &[(r"contains:\", true), (r"contains:\\", false), (r"a\b", true)]);
    table("name", &secret("[a-z]*?"), &[("contains:[a-z]*", true), ("contains:b", false)]);
}

#[test]
fn hostile_texts_are_just_texts() {
    table("name", &secret("x' OR '1'='1"), &[("contains:' or '", true), ("x' OR '1'='1", true)]);
    table("name", &secret("'; --"), &[("contains:\"", false), ("startswith:'; --", true)]);
    table(
        "name",
        &secret("👩‍💻 key"),
        &[("startswith:👩", true), ("contains:💻 K", true), ("contains:👨", false)],
    );
    table("name", &secret(""), &[("", true), ("contains:", true), ("contains:a", false), ("equals:", true)]);
    table("name", &secret("a\u{301}"), &[("\u{e1}", false), ("startswith:A", true)]);
    table("name", &secret("line\nbreak"), &[("contains:\n", true), ("endswith:BREAK", true)]);
}

#[test]
fn only_ascii_letters_fold() {
    table("name", &secret("ÄPFEL"), &[("contains:äpfel", false), ("contains:Äpfel", true)]);
    table("name", &secret("\u{212a}"), &[("contains:k", false), ("contains:\u{212a}", true)]);
    table("name", &secret("İ"), &[("startswith:i", false)]);
    table(
        "name",
        &secret("@[`{"),
        &[("contains:`{@[", false), ("contains:@[`{", true), ("contains:[`", true)],
    );
}

#[test]
fn a_colon_belongs_to_the_value_unless_an_operator_stands_before_it() {
    table("name", &secret("a:b"), &[("a:b", true), ("equals:a:b", true), ("contains::", true)]);
    table("name", &secret("EQUALS:x"), &[("EQUALS:x", true)]);
    table("name", &secret("isnull"), &[("isnull", true), ("isnull:", false)]);
    table("name", &secret("equals:x"), &[("equals:x", false), ("equals:equals:x", true)]);
}

#[test]
fn ids_are_found_however_they_are_written() {
    let rows = [
        ("eaa6bcf9-c418-407a-8a13-4f2a30521ba6", true),
        ("EAA6BCF9C418407A8A134F2A30521BA6", true),
        ("notequals:EAA6BCF9C418407A8A134F2A30521BA6", false),
        ("startswith:eaa6bcf9-c4", true),
        ("startswith:EAA6BCF9C4", true),
        ("startswith:aa6", false),
        ("endswith:4f2A3-0521ba6", true),
        ("contains:9-c", true),
        ("notcontains:9C", false),
        ("startswith:", true),
        ("contains:-", false),
        ("notcontains:-", true),
        ("notauuid", false),
        (r#"oneof:["EAA6BCF9-c418-407a-8a13-4f2a30521ba6"]"#, true),
        (r#"notoneof:["EAA6BCF9-c418-407a-8a13-4f2a30521ba6"]"#, false),
        ("oneof:[]", false),
        ("isnull:", false),
        ("isnotnull:", true),
    ];
    table("id", &secret("x"), &rows);
}

#[test]
fn owners_are_found_by_id_name_and_full_name() {
    let rows = [
        ("598E55B9-8f16-465e-bc9e-eb7b76f2c8e7", true),
        ("ada", true),
        ("Ada Lovelace", true),
        ("ADA", false),
        ("bob", false),
        ("startswith:598e-55", true),
        ("startswith:ADA", true),
        ("endswith:lace", true),
        ("contains:-", false),
        (r#"oneof:["bob","598e55b98f16465ebc9eeb7b76f2c8e7"]"#, true),
        ("oneof:[]", false),
        ("notoneof:[]", true),
        ("isnull:", false),
        ("isnotnull:", true),
    ];
    table("user", &secret("x"), &rows);
}

#[test]
fn a_negative_operator_on_the_owner_negates_all_three() {
    let rows = [
        ("notequals:ada", false),
        ("notequals:Ada Lovelace", false),
        ("notequals:598e55b98f16465ebc9eeb7b76f2c8e7", false),
        ("notequals:bob", true),
        ("notcontains:love", false),
        ("notcontains:z", true),
        (r#"notoneof:["bob","ada"]"#, false),
        (r#"notoneof:["bob"]"#, true),
    ];
    table("user", &secret("x"), &rows);
}

#[test]
fn an_owner_without_a_full_name_is_found_by_the_empty_text() {
    let mut secret = secret("x");
    assert!(!finds("user", "", &secret));
    secret.owner.full_name.clear();
    assert!(finds("user", "", &secret));
}

#[test]
fn dates_compare_with_every_operator() {
    let (before, at, after) = ("2026-11-21 20:59:23", "2026-11-21 20:59:24", "2026-11-21 20:59:25");
    let secret = secret("x");
    // The operator, and what it says when its date is before, at and after the secret's.
    let rows = [
        ("", [false, true, false]),
        ("equals:", [false, true, false]),
        ("notequals:", [true, false, true]),
        ("gt:", [true, false, false]),
        ("gte:", [true, true, false]),
        ("lt:", [false, false, true]),
        ("lte:", [false, true, true]),
    ];
    for (operator, expected) in rows {
        for (date, expected) in [before, at, after].iter().zip(expected) {
            for field in ["created", "updated"] {
                assert_eq!(finds(field, &format!("{operator}{date}"), &secret), expected, "{operator}{date}");
            }
        }
    }
    for (text, expected) in [
        (format!("in:{before},{after}"), true),
        (format!("in:{at},{at}"), true),
        (format!("in:{before},{at}"), true),
        (format!("in:{after},{before}"), false),
        (format!("in:{before},{before}"), false),
        (format!(r#"oneof:["{before}","{at}"]"#), true),
        (format!(r#"oneof:["{before}"]"#), false),
        (format!(r#"notoneof:["{before}","{at}"]"#), false),
        (format!(r#"notoneof:["{before}"]"#), true),
        ("oneof:[]".into(), false),
        ("notoneof:[]".into(), true),
        ("isnull:".into(), false),
        ("isnotnull:".into(), true),
    ] {
        table("created", &secret, &[(&text, expected)]);
    }
}

#[test]
fn dates_compare_in_microseconds() {
    let mut secret = secret("x");
    secret.updated = Timestamp(secret.created.0 + 355_844);
    let rows = [
        ("2026-11-21 20:59:24", false),
        ("gt:2026-11-21 20:59:24", true),
        ("lte:2026-11-21 20:59:24", false),
        ("in:2026-11-21 20:59:24,2026-11-21 20:59:25", true),
    ];
    table("updated", &secret, &rows);
    table("created", &secret, &[("2026-11-21 20:59:24", true)]);
}

#[test]
fn private_takes_bool_words() {
    let mut secret = secret("x");
    for private in [true, false] {
        secret.private = private;
        for word in ["true", "1", "yes", "on", "t", "y", "TRUE", "Yes"] {
            assert_eq!(finds("private", word, &secret), private, "{word}");
        }
        for word in ["false", "0", "no", "off", "f", "n", "False", "OFF"] {
            assert_eq!(finds("private", word, &secret), !private, "{word}");
        }
    }
}

#[test]
fn operands_for_ids_lose_hyphens_and_case_once() {
    let op = TextOp::OneOf(vec!["A-b".into(), "--".into(), String::new(), "Ä-1".into()]);
    let expected = TextOp::OneOf(vec!["ab".into(), "--".into(), String::new(), "Ä1".into()]);
    assert_eq!(op.for_ids(), expected);
    assert_eq!(expected.for_ids(), expected);
    // A condition keeps the operand as it was written.
    let written = Condition::parse("id", "A-b").expect("a condition");
    assert_eq!(written, Condition::Id(TextOp::Equals("A-b".into())));
}
