//! Pages of accounts.

use super::{change, new_account};
use crate::common::Claimed;
use strongroom_core::{
    ErrorKind, OwnerId,
    filter::{Logic, TextOp},
};
use strongroom_sql::identities::{
    Account, AccountFilter, AccountKind, AccountSort, AccountTest, IdentityChange, Role,
};
use uuid::Uuid;

pub(crate) async fn pages_of_accounts_are_those_of_the_filter_language(claimed: &Claimed) {
    type Field = fn(&Account) -> Option<&str>;
    for (n, name) in ["Ann", "bob", "a%b", "a_b", "ÄRGER", "änn", "Zed"].into_iter().enumerate() {
        let mut new = new_account(name, Role::Reader);
        new.active = n % 3 != 0;
        new.email = (n % 4 != 0).then(|| format!("{n}@Example.org"));
        new.full_name = format!("Full {}", n % 2);
        new.description = if n == 4 { String::new() } else { format!("Remark {name}") };
        change(claimed, IdentityChange::AddAccount(new, None)).await.unwrap();
    }
    let mut service = new_account("program", Role::Reader);
    service.kind = AccountKind::Service;
    change(claimed, IdentityChange::AddAccount(service, None)).await.unwrap();
    let catalog = &claimed.catalog;
    let mut all = catalog.accounts().await.unwrap();
    all.retain(|account| account.kind == AccountKind::User);
    let text = |text: &str| TextOp::parse("name", text).unwrap();
    let base = AccountFilter {
        kind: AccountKind::User,
        only: None,
        tests: Vec::new(),
        logic: Logic::All,
        sort: AccountSort::Name,
        descending: false,
        page: 1,
        size: 100,
    };
    let names = |accounts: &[Account]| accounts.iter().map(|a| a.name.clone()).collect::<Vec<_>>();
    for op in [
        "contains:a",
        "startswith:A",
        "endswith:B",
        "Ann",
        "notequals:Ann",
        "oneof:[\"bob\", \"Zed\"]",
        "contains:%",
        "contains:",
        "endswith:@example.org",
        "notcontains:@",
        "isnull:",
        "isnotnull:",
    ] {
        let op = text(op);
        let cases: [(AccountTest, Field); 4] = [
            (AccountTest::Name(op.clone()), |account| Some(&account.name)),
            (AccountTest::FullName(op.clone()), |account| Some(&account.full_name)),
            (AccountTest::Description(op.clone()), |account| Some(&account.description)),
            (AccountTest::Email(op.clone()), |account| account.email.as_deref()),
        ];
        for (test, field) in cases {
            // Of what is absent no positive operator holds but `isnull`, and the negative ones are their negations.
            let holds = |account: &Account| {
                field(account).map_or_else(|| op.matches_absent(), |text| op.matches(text))
            };
            let mut expected: Vec<Account> = all.iter().filter(|a| holds(a)).cloned().collect();
            expected.sort_by(|a, b| a.name.cmp(&b.name));
            let filter = AccountFilter { tests: vec![test.clone()], ..base.clone() };
            let page = catalog.accounts_page(&filter).await.unwrap();
            assert_eq!(names(&page.items), names(&expected), "{test:?}");
            assert_eq!(page.total, expected.len() as u64, "{test:?}");
        }
    }
    let either = vec![AccountTest::Name(text("Ann")), AccountTest::Active(true)];
    let any = AccountFilter { tests: either.clone(), logic: Logic::Any, ..base.clone() };
    let expected = all.iter().filter(|a| a.name == "Ann" || a.active).count() as u64;
    assert_eq!(catalog.accounts_page(&any).await.unwrap().total, expected);
    let both = AccountFilter { tests: either, ..base.clone() };
    assert_eq!(catalog.accounts_page(&both).await.unwrap().total, 0, "Ann cannot log in");
    for (wanted, count) in [(true, all.len()), (false, 0)] {
        let filter = AccountFilter { tests: vec![AccountTest::Always(wanted)], ..base.clone() };
        assert_eq!(catalog.accounts_page(&filter).await.unwrap().items.len(), count);
    }
    for (sort, descending) in [
        (AccountSort::Id, true),
        (AccountSort::FullName, false),
        (AccountSort::Description, true),
        (AccountSort::Email, false),
        (AccountSort::Active, false),
        (AccountSort::Created, true),
        (AccountSort::Updated, false),
    ] {
        let mut expected = all.clone();
        expected.sort_by(|a, b| {
            let first = match sort {
                AccountSort::Id => std::cmp::Ordering::Equal,
                AccountSort::Name => a.name.cmp(&b.name),
                AccountSort::FullName => a.full_name.cmp(&b.full_name),
                AccountSort::Description => a.description.cmp(&b.description),
                AccountSort::Email => a.email.cmp(&b.email),
                AccountSort::Active => a.active.cmp(&b.active),
                AccountSort::Created => a.created.cmp(&b.created),
                AccountSort::Updated => a.updated.cmp(&b.updated),
            };
            let order = first.then(a.id.0.cmp(&b.id.0));
            if descending { order.reverse() } else { order }
        });
        let mut found = Vec::new();
        for page in 1..=3 {
            let filter = AccountFilter { sort, descending, page, size: 3, ..base.clone() };
            found.extend(catalog.accounts_page(&filter).await.unwrap().items);
        }
        assert_eq!(names(&found), names(&expected), "{sort:?} {descending}");
    }
    let only = AccountFilter { only: Some(claimed.owner), ..base.clone() };
    assert_eq!(names(&catalog.accounts_page(&only).await.unwrap().items), ["admin"]);
    let beyond = AccountFilter { page: 9, size: 3, ..base };
    assert_eq!(catalog.accounts_page(&beyond).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    let ids: Vec<OwnerId> = all.iter().map(|a| a.id).chain([OwnerId(Uuid::new_v4())]).collect();
    assert_eq!(catalog.account_names(&ids).await.unwrap().len(), all.len());
}
