use proptest::{collection::vec, prelude::*, sample::select};
use strongroom_core::{
    ErrorKind, SecretFilter, Timestamp,
    filter::{Condition, DateOp, Logic, Sort, SortField, TextOp},
};

/// Texts that could be taken for an operator, a list, or two of something.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>().prop_map(|text| text.replace('\0', "")),
        select(vec![
            "",
            ":",
            "contains:",
            "equals:a",
            "oneof:[",
            "[\"a\"]",
            "a,b",
            "in:",
            "a&b=c",
            "%20",
            "+"
        ])
        .prop_map(ToOwned::to_owned),
    ]
}

fn text_op() -> impl Strategy<Value = TextOp> {
    prop_oneof![
        text().prop_map(TextOp::Equals),
        text().prop_map(TextOp::NotEquals),
        text().prop_map(TextOp::Contains),
        text().prop_map(TextOp::NotContains),
        text().prop_map(TextOp::StartsWith),
        text().prop_map(TextOp::EndsWith),
        vec(text(), 0..4).prop_map(TextOp::OneOf),
        vec(text(), 0..4).prop_map(TextOp::NotOneOf),
        Just(TextOp::IsNull),
        Just(TextOp::IsNotNull),
    ]
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (-62_135_596_800i64..=253_402_300_799).prop_map(|second| Timestamp(second * 1_000_000))
}

fn date_op() -> impl Strategy<Value = DateOp> {
    prop_oneof![
        moment().prop_map(DateOp::Equals),
        moment().prop_map(DateOp::NotEquals),
        moment().prop_map(DateOp::Gt),
        moment().prop_map(DateOp::Gte),
        moment().prop_map(DateOp::Lt),
        moment().prop_map(DateOp::Lte),
        (moment(), moment()).prop_map(|(from, to)| DateOp::In(from, to)),
        vec(moment(), 0..4).prop_map(DateOp::OneOf),
        vec(moment(), 0..4).prop_map(DateOp::NotOneOf),
        Just(DateOp::IsNull),
        Just(DateOp::IsNotNull),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        text_op().prop_map(Condition::Name),
        text_op().prop_map(Condition::Id),
        text_op().prop_map(Condition::User),
        date_op().prop_map(Condition::Created),
        date_op().prop_map(Condition::Updated),
        any::<bool>().prop_map(Condition::Private),
    ]
}

prop_compose! {
    fn filter()(
        conditions in vec(condition(), 0..5), any: bool, descending: bool,
        by in select(vec![
            SortField::Id, SortField::Name, SortField::Private, SortField::Created, SortField::Updated, SortField::User,
        ]),
        page in 1u32.., size in 1u32..=SecretFilter::MAX_SIZE,
    ) -> SecretFilter {
        let mut filter = SecretFilter::new().page(page).size(size).sort(Sort { by, descending });
        filter.conditions = conditions;
        filter.logic(if any { Logic::Any } else { Logic::All })
    }
}

/// Reads the pairs of a query as a server does.
fn parse(pairs: &[(&'static str, String)]) -> SecretFilter {
    let mut filter = SecretFilter::new();
    for (key, text) in pairs {
        filter = match *key {
            "sort_by" => filter.sort(Sort::parse(text).expect("an order")),
            "logical_operator" => filter.logic(Logic::parse(text).expect("a word")),
            "page" => filter.page(text.parse().expect("a number")),
            "size" => filter.size(text.parse().expect("a number")),
            field => filter.on(field, text).unwrap_or_else(|error| panic!("{field}={text}: {error}")),
        };
    }
    filter
}

proptest! {
    #[test]
    fn what_was_rendered_is_read_as_what_it_was(filter in filter()) {
        let pairs = filter.to_pairs().expect("it can be written");
        prop_assert_eq!(parse(&pairs), filter);
    }
}

#[test]
fn what_no_text_can_say_is_refused() {
    let second = 1_000_000;
    for condition in [
        Condition::Name(TextOp::Equals("a\0".into())),
        Condition::User(TextOp::OneOf(vec!["a".into(), "\0".into()])),
        Condition::Created(DateOp::Gt(Timestamp(1))),
        Condition::Updated(DateOp::OneOf(vec![Timestamp(0), Timestamp(-1)])),
        Condition::Created(DateOp::In(Timestamp(0), Timestamp(253_402_300_800 * second))),
        Condition::Created(DateOp::Lt(Timestamp(-62_135_596_801 * second))),
        Condition::Created(DateOp::Lt(Timestamp(i64::MIN))),
    ] {
        let error = condition.to_text().expect_err("it cannot be written");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.to_string().starts_with("filter `"), "{error}");
    }
    assert!(SecretFilter::new().page(0).to_pairs().is_err());
    assert!(SecretFilter::new().size(0).to_pairs().is_err());
}
