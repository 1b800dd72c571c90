use crate::{finds, secret};
use proptest::{collection::vec, prelude::*, sample::select, string::string_regex};
use strongroom_core::{
    SecretId, SecretMeta, SecretName, Timestamp,
    filter::{Condition, Logic, SecretFilter, Sort},
};
use uuid::Uuid;

const OPERATORS: [&str; 16] = [
    "equals",
    "notequals",
    "contains",
    "notcontains",
    "startswith",
    "endswith",
    "oneof",
    "notoneof",
    "isnull",
    "isnotnull",
    "gt",
    "gte",
    "lt",
    "lte",
    "in",
    "other",
];

/// Short texts over few characters, so that they meet often.
fn text() -> impl Strategy<Value = String> {
    string_regex(r"[aAbB5e%_\-':\\é💻 ]{0,4}").expect("a pattern")
}

fn date() -> impl Strategy<Value = String> {
    (0u8..60).prop_map(|second| format!("2026-11-21 20:59:{second:02}"))
}

prop_compose! {
    fn any_secret()(
        name in text(), owner in text(), full_name in text(), private: bool,
        id in select(vec![0xaau128 << 120, 0x5eabu128 << 112, 7]),
        created in 1_795_294_740_000_000i64..1_795_294_800_000_000,
    ) -> SecretMeta {
        let mut secret = secret("");
        secret.name = SecretName::new(name).expect("a valid name");
        secret.id = SecretId(Uuid::from_u128(id));
        secret.owner.id.0 = Uuid::from_u128(id.rotate_left(8));
        secret.owner.name = owner;
        secret.owner.full_name = full_name;
        secret.private = private;
        // On a whole second every other time, so that equality is met.
        secret.created = Timestamp(if private { created / 1_000_000 * 1_000_000 } else { created });
        secret
    }
}

fn json(items: &[String]) -> String {
    serde_json::to_string(items).expect("texts are JSON")
}

proptest! {
    #[test]
    fn parsing_never_panics(
        field in select(Condition::FIELDS.to_vec()),
        operator in select(OPERATORS.to_vec()),
        value in any::<String>(),
    ) {
        for text in [format!("{operator}:{value}"), value] {
            match Condition::parse(field, &text) {
                Ok(condition) => { let _ = condition.matches(&secret("x")); }
                Err(error) => prop_assert!(error.to_string().contains(field), "{error}"),
            }
            let _ = Sort::parse(&text);
        }
    }

    #[test]
    fn a_negative_operator_negates(
        field in select(vec!["name", "id", "user"]), secret in any_secret(), one in text(), many in vec(text(), 0..3),
    ) {
        let many = json(&many);
        for (operator, value) in [("equals", &one), ("contains", &one), ("oneof", &many)] {
            let positive = finds(field, &format!("{operator}:{value}"), &secret);
            let negative = finds(field, &format!("not{operator}:{value}"), &secret);
            prop_assert_eq!(positive, !negative, "{}={}:{}", field, operator, value);
        }
        prop_assert!(finds(field, "isnotnull:", &secret) != finds(field, "isnull:", &secret));
    }

    #[test]
    fn a_negative_operator_negates_on_dates(secret in any_secret(), one in date(), many in vec(date(), 0..20)) {
        let many = json(&many);
        let found = |text: &str| finds("created", text, &secret);
        prop_assert_eq!(found(&format!("equals:{one}")), !found(&format!("notequals:{one}")));
        prop_assert_eq!(found(&format!("oneof:{many}")), !found(&format!("notoneof:{many}")));
        prop_assert_eq!(found(&format!("gt:{one}")), !found(&format!("lte:{one}")));
        prop_assert_eq!(found(&format!("lt:{one}")), !found(&format!("gte:{one}")));
        let between = found(&format!("gte:{one}")) && found("lte:2026-11-21 20:59:30");
        prop_assert_eq!(found(&format!("in:{one},2026-11-21 20:59:30")), between);
    }

    #[test]
    fn names_are_searched_as_folded_strings(secret in any_secret(), part in text()) {
        let (name, folded) = (secret.name.fold(), part.to_ascii_lowercase());
        prop_assert_eq!(finds("name", &format!("contains:{part}"), &secret), name.contains(&folded));
        prop_assert_eq!(finds("name", &format!("startswith:{part}"), &secret), name.starts_with(&folded));
        prop_assert_eq!(finds("name", &format!("endswith:{part}"), &secret), name.ends_with(&folded));
        prop_assert_eq!(finds("name", &format!("equals:{part}"), &secret), secret.name.as_str() == part);
    }

    #[test]
    fn the_pages_together_are_the_sorted_matches(
        mut secrets in vec(any_secret(), 0..12), size in 1u32..5, part in text(), any: bool,
        column in select(vec!["id", "desc:name", "private", "created", "desc:user"]),
    ) {
        for (i, secret) in (0u128..).zip(&mut secrets) {
            secret.id = SecretId(Uuid::from_u128(i.rotate_right(4)));
        }
        let mut filter = SecretFilter::new()
            .on("name", &format!("contains:{part}")).expect("a condition")
            .on("private", "true").expect("a condition")
            .logic(if any { Logic::Any } else { Logic::All })
            .sort(Sort::parse(column).expect("an order"))
            .size(size);
        let mut expected: Vec<_> = secrets.iter().filter(|secret| filter.matches(secret)).cloned().collect();
        expected.sort_by(|a, b| filter.compare(a, b));
        let first = filter.page_of(secrets.clone()).expect("the first page");
        prop_assert_eq!(first.total, expected.len() as u64);
        let mut seen = Vec::new();
        for page in 1..=first.total_pages {
            filter = filter.page(page);
            seen.extend(filter.page_of(secrets.clone()).expect("a page").items);
        }
        prop_assert_eq!(seen, expected);
        prop_assert!(filter.page(first.total_pages + 1).page_of(secrets).is_err());
    }
}
