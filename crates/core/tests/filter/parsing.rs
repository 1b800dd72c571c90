use crate::refusal;
use strongroom_core::{
    ErrorKind, SecretFilter,
    filter::{BoolOp, Condition, DateOp, Logic, Sort, SortField, TextOp},
};

#[test]
fn errors_name_the_field() {
    for field in ["name", "id", "user"] {
        for text in ["gt:1", "gte:1", "lt:1", "lte:1", "in:a,b"] {
            let error = refusal(field, text);
            assert!(
                error.starts_with(&format!("filter `{field}`: gt, gte, lt, lte and in are for dates")),
                "{error}"
            );
        }
    }
    for field in ["created", "updated"] {
        for operator in ["contains", "notcontains", "startswith", "endswith"] {
            let error = refusal(field, &format!("{operator}:2026-11-21 20:59:24"));
            assert!(error.starts_with(&format!("filter `{field}`: contains, ")), "{error}");
        }
        let error = refusal(field, "in:2026-11-21 20:59:24");
        assert_eq!(error, format!("filter `{field}`: in takes two dates with a comma between them"));
        for text in ["in:2026-11-21 20:59:24,", "in:,2026-11-21 20:59:24", "yesterday", r#"oneof:["today"]"#]
        {
            assert_eq!(refusal(field, text), format!("filter `{field}`: expected YYYY-MM-DD HH:MM:SS"));
        }
    }
    for field in ["name", "id", "user", "created", "updated"] {
        for text in ["isnull:x", "isnotnull: ", "isnull::"] {
            assert_eq!(refusal(field, text), format!("filter `{field}`: isnull and isnotnull take no value"));
        }
    }
    for text in ["", "maybe", "2", "equals:true", "isnull:", " true"] {
        let expected = "filter `private`: expected true or false, without an operator";
        assert_eq!(refusal("private", text), expected, "{text}");
    }
}

#[test]
fn oneof_takes_a_json_list_of_texts() {
    for field in ["name", "id", "user", "created", "updated"] {
        for operator in ["oneof", "notoneof"] {
            for value in
                ["", "a,b", "[a]", r#"["a""#, "[1]", "[null]", r#"{"a":"b"}"#, r#""a""#, r#"["\ud800"]"#]
            {
                let error = refusal(field, &format!("{operator}:{value}"));
                let expected = format!("filter `{field}`: oneof and notoneof take a JSON list of texts");
                assert!(error.starts_with(&expected), "{error}");
            }
        }
    }
}

#[test]
fn the_character_that_no_text_holds_is_refused() {
    for field in ["name", "id", "user"] {
        for text in ["a\0b", "contains:\0", r#"oneof:["a","\u0000"]"#] {
            assert_eq!(
                refusal(field, text),
                format!("filter `{field}`: the character U+0000 is not allowed")
            );
        }
    }
}

#[test]
fn an_unknown_field_names_the_known_ones() {
    let expected = "filter: unknown field, use one of name, id, created, updated, user, private";
    for field in ["", "Name", "values", "workspace"] {
        assert_eq!(refusal(field, "x"), expected);
    }
    for field in Condition::FIELDS {
        let text = if field == "private" { "true" } else { "isnotnull:" };
        assert!(Condition::parse(field, text).is_ok(), "{field}");
    }
}

#[test]
fn an_order_has_a_column_and_perhaps_a_direction() {
    let columns = [
        ("id", SortField::Id),
        ("name", SortField::Name),
        ("private", SortField::Private),
        ("created", SortField::Created),
        ("updated", SortField::Updated),
        ("user", SortField::User),
    ];
    for (column, field) in columns {
        for prefix in ["", "asc:", ":", "DESC:", "sideways:"] {
            let sort = Sort::parse(&format!("{prefix}{column}")).expect("an order");
            assert_eq!(sort, Sort::ascending(field), "{prefix}{column}");
        }
        assert_eq!(Sort::parse(&format!("desc:{column}")).expect("an order"), Sort::descending(field));
    }
    for text in ["", "desc", "desc:", "values", "Name", "desc:desc:name", "name:desc"] {
        let error = Sort::parse(text).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let expected = "sort_by: unknown column, use id, name, private, created, updated or user";
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn conditions_are_joined_by_and_or_or() {
    assert_eq!(Logic::parse("and").expect("a logic"), Logic::All);
    assert_eq!(Logic::parse("or").expect("a logic"), Logic::Any);
    for text in ["", "AND", "xor"] {
        assert_eq!(Logic::parse(text).expect_err(text).kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn a_filter_is_built_from_texts() {
    let filter = SecretFilter::new().on("name", "a").and_then(|filter| filter.on("private", "no"));
    assert_eq!(filter.expect("a filter").conditions.len(), 2);
    let error = SecretFilter::new().on("created", "a").expect_err("no date");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_yes_or_no_has_its_own_operators() {
    for (text, expected) in [
        ("true", BoolOp::Is(true)),
        ("equals:No", BoolOp::Is(false)),
        ("notequals:1", BoolOp::Is(false)),
        ("isnull:", BoolOp::IsNull),
        ("isnotnull:", BoolOp::IsNotNull),
    ] {
        assert_eq!(BoolOp::parse("active", text).expect(text), expected, "{text}");
    }
    for (text, expected) in [
        ("maybe", "filter `active`: expected true or false"),
        ("equals:", "filter `active`: expected true or false"),
        ("isnull:x", "filter `active`: isnull and isnotnull take no value"),
        ("gt:true", "filter `active`: use equals, notequals, isnull or isnotnull"),
    ] {
        assert_eq!(BoolOp::parse("active", text).expect_err(text).to_string(), expected);
    }
}

#[test]
fn an_error_names_the_field_that_was_asked_for() {
    let error = TextOp::parse("full_name", "gt:1").expect_err("no operator of texts");
    assert!(error.to_string().starts_with("filter `full_name`: "), "{error}");
    let error = DateOp::parse("last_login", "soon").expect_err("no date");
    assert_eq!(error.to_string(), "filter `last_login`: expected YYYY-MM-DD HH:MM:SS");
}
