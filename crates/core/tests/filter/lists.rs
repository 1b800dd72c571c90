use crate::{names, secret};
use strongroom_core::{
    ErrorKind, Page, Reason, SecretFilter, SecretId, SecretMeta, Timestamp,
    filter::{Condition, Logic, Sort, TextOp},
};
use uuid::Uuid;

/// Name, id, private, age, owner.
fn some(name: &str, id: u128, private: bool, created: i64, owner: &str) -> SecretMeta {
    let mut secret = secret(name);
    secret.id = SecretId(Uuid::from_u128(id));
    secret.private = private;
    secret.created = Timestamp(created);
    secret.updated = Timestamp(-created);
    secret.owner.name = owner.into();
    secret
}

fn five() -> Vec<SecretMeta> {
    vec![
        some("b", 5, false, 30, "eve"),
        some("B", 4, true, 10, "bob"),
        some("a", 3, false, 20, "bob"),
        some("é", 2, true, 20, "Zoe"),
        some("aa", 1, false, 20, "ada"),
    ]
}

#[test]
fn lists_are_sorted_by_each_column_and_then_by_id() {
    for (column, expected) in [
        ("id", ["aa", "é", "a", "B", "b"]),
        ("name", ["B", "a", "aa", "b", "é"]),
        ("private", ["aa", "a", "b", "é", "B"]),
        ("created", ["B", "aa", "é", "a", "b"]),
        ("updated", ["b", "aa", "é", "a", "B"]),
        ("user", ["é", "aa", "a", "B", "b"]),
    ] {
        let ascending = SecretFilter::new().sort(Sort::parse(column).expect("an order"));
        assert_eq!(names(&ascending, &five()), expected, "{column}");
        let descending = SecretFilter::new().sort(Sort::parse(&format!("desc:{column}")).expect("an order"));
        let mut backwards = expected;
        backwards.reverse();
        assert_eq!(names(&descending, &five()), backwards, "desc:{column}");
    }
}

#[test]
fn by_default_the_first_20_are_listed_oldest_first() {
    let secrets: Vec<_> = (0..21).map(|i| some(&i.to_string(), 100 - i, false, i as i64, "ada")).collect();
    let page = SecretFilter::default().page_of(secrets.into_iter().rev().collect()).expect("a page");
    assert_eq!((page.index, page.max_size, page.total_pages, page.total), (1, 20, 2, 21));
    let listed: Vec<_> = page.items.iter().map(|secret| secret.created.0).collect();
    assert_eq!(listed, (0..20).collect::<Vec<_>>());
}

#[test]
fn conditions_hold_together_or_apart() {
    let starts_with_a = Condition::Name(TextOp::StartsWith("A".into()));
    let filter = SecretFilter::new().condition(starts_with_a).on("user", "bob").expect("a filter");
    assert_eq!(names(&filter, &five()), ["a"]);
    let any = filter.logic(Logic::Any);
    assert_eq!(names(&any, &five()), ["B", "aa", "a"]);
    let with_private = any.on("private", "true").expect("a filter");
    assert_eq!(names(&with_private, &five()), ["B", "aa", "é", "a"]);
}

#[test]
fn without_conditions_everything_is_listed() {
    for logic in [Logic::All, Logic::Any] {
        assert_eq!(names(&SecretFilter::new().logic(logic), &five()).len(), 5, "{logic:?}");
    }
}

#[test]
fn pages_divide_the_list() {
    let by_name = SecretFilter::new().sort(Sort::parse("name").expect("an order")).size(2);
    for (page, expected) in [(1, vec!["B", "a"]), (2, vec!["aa", "b"]), (3, vec!["é"])] {
        let filter = by_name.clone().page(page);
        assert_eq!(names(&filter, &five()), expected);
        let page = filter.page_of(five()).expect("a page");
        assert_eq!((page.max_size, page.total_pages, page.total), (2, 3, 5));
    }
    let whole = by_name.clone().size(5).page_of(five()).expect("a page");
    assert_eq!((whole.total_pages, whole.items.len()), (1, 5));
}

#[test]
fn an_empty_list_has_one_empty_page() {
    let page = SecretFilter::new().page_of(Vec::new()).expect("a page");
    assert_eq!(page, Page { index: 1, max_size: 20, total_pages: 1, total: 0, items: Vec::new() });
    let error = SecretFilter::new().page(2).page_of(Vec::new()).expect_err("beyond the end");
    let expected = "Invalid page 2. The requested page size is 20 and there are a total of 0 items for this \
                    query. The maximum page value therefore is 1.";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_page_beyond_the_end_is_refused() {
    let error = SecretFilter::new().size(2).page(4).page_of(five()).expect_err("beyond the end");
    assert_eq!((error.kind(), error.reason()), (ErrorKind::InvalidInput, Some(Reason::BeyondLimit)));
    let expected = "Invalid page 4. The requested page size is 2 and there are a total of 5 items for this \
                    query. The maximum page value therefore is 3.";
    assert_eq!(error.to_string(), expected);
    assert!(SecretFilter::new().size(10_000).page(u32::MAX).page_of(five()).is_err());
}

#[test]
fn page_and_size_have_bounds() {
    for (filter, field) in [
        (SecretFilter::new().page(0), "page"),
        (SecretFilter::new().size(0), "size"),
        (SecretFilter::new().size(10_001), "size"),
    ] {
        for error in [
            filter.check().expect_err(field),
            filter.page_of(five()).expect_err(field),
            Page::<()>::new(Vec::new(), 0, &filter).expect_err(field),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().starts_with(&format!("{field}: ")), "{error}");
        }
    }
    assert!(SecretFilter::new().size(10_000).check().is_ok());
}

#[test]
fn huge_totals_and_offsets_do_not_overflow() {
    let last = SecretFilter::new().size(1).page(u32::MAX);
    assert_eq!(Page::new(vec!['a'], u64::MAX, &last).expect("a page").total_pages, u32::MAX);
    assert_eq!(SecretFilter::new().size(10_000).page(u32::MAX).offset(), 42_949_672_940_000);
    assert_eq!(SecretFilter::new().page(3).offset(), 40);
}

#[test]
fn a_page_keeps_its_numbers_when_its_items_change() {
    let page = Page::new(vec![1, 2], 5, &SecretFilter::new().size(2).page(2)).expect("a page");
    let changed = page.map(|item| item.to_string());
    let items = vec!["1".to_owned(), "2".to_owned()];
    assert_eq!(changed, Page { index: 2, max_size: 2, total_pages: 3, total: 5, items });
}
