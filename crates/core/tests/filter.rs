//! The filter language of lists.

#[path = "filter/conditions.rs"]
mod conditions;
#[path = "filter/dates.rs"]
mod dates;
#[path = "filter/lists.rs"]
mod lists;
#[path = "filter/parsing.rs"]
mod parsing;
#[path = "filter/properties.rs"]
mod properties;
#[path = "filter/rendering.rs"]
mod rendering;

use strongroom_core::{
    Owner, OwnerId, SecretId, SecretMeta, SecretName, Timestamp,
    filter::{Condition, SecretFilter},
};
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(0xeaa6bcf9_c418_407a_8a13_4f2a30521ba6);
const OWNER: Uuid = Uuid::from_u128(0x598e55b9_8f16_465e_bc9e_eb7b76f2c8e7);
/// 2026-11-21 20:59:24 UTC.
const SECOND: i64 = 1_795_294_764_000_000;

fn secret(name: &str) -> SecretMeta {
    let owner = Owner { id: OwnerId(OWNER), name: "ada".into(), full_name: "Ada Lovelace".into() };
    SecretMeta::new(
        SecretId(ID),
        SecretName::new(name).expect("a valid name"),
        false,
        owner,
        Timestamp(SECOND),
    )
}

fn finds(field: &str, text: &str, secret: &SecretMeta) -> bool {
    Condition::parse(field, text).unwrap_or_else(|error| panic!("{field}={text}: {error}")).matches(secret)
}

/// Asserts what each condition on `field` says of a secret.
fn table(field: &str, secret: &SecretMeta, rows: &[(&str, bool)]) {
    for (text, expected) in rows {
        assert_eq!(finds(field, text, secret), *expected, "{field}={text} on {secret:?}");
    }
}

fn refusal(field: &str, text: &str) -> String {
    let error = Condition::parse(field, text).expect_err(&format!("{field}={text:?} is refused"));
    assert_eq!(error.kind(), strongroom_core::ErrorKind::InvalidInput);
    error.to_string()
}

fn names(filter: &SecretFilter, secrets: &[SecretMeta]) -> Vec<String> {
    let page = filter.page_of(secrets.to_vec()).expect("a page");
    page.items.iter().map(|secret| secret.name.to_string()).collect()
}
