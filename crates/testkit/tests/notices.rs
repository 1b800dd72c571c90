//! The suites notice what is broken: a suite that passes everything proves nothing.

use std::{panic, sync::Arc, time::Duration};
use strongroom_core::{Backend, Limits, NamespaceId, Owner, Removal, Result, async_trait};
use strongroom_engine::{Catalog, MemoryCatalog};
use strongroom_testkit::{
    BackendSubject, CatalogSubject, Held, MemoryBackend, TestEnv, backend, catalog,
    faults::{Call, DropRemoval, FailBefore, LoseAnswer, Method, ReturnOld},
    run,
};
use uuid::Uuid;

/// Back-ends, each broken by a function.
struct Broken(Held, fn(&Held, NamespaceId) -> Arc<dyn Backend>);

#[async_trait]
impl BackendSubject for Broken {
    async fn open(&self, namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
        Ok((self.1)(&self.0, namespace))
    }
}

fn memory(held: &Held, namespace: NamespaceId) -> Arc<dyn Backend> {
    Arc::new(MemoryBackend::new(held, namespace).limits(Limits::new(65_536, Removal::Destroys).bulk_read(9)))
}

/// Requires that these cases fail with a back-end that is broken like this.
fn noticed(broken: fn(&Held, NamespaceId) -> Arc<dyn Backend>, cases: &[(&str, &str)]) {
    for (group, name) in cases {
        let subject = || -> Box<dyn BackendSubject> { Box::new(Broken(Held::new(), broken)) };
        let outcome = panic::catch_unwind(|| run(backend::SUITE, group, name, &subject));
        assert!(outcome.is_err(), "{group}::{name} passed");
    }
}

#[test]
fn removals_that_remove_nothing_are_noticed() {
    noticed(
        |held, namespace| Arc::new(DropRemoval::new(memory(held, namespace), |_: Call| true)),
        &[
            ("removing", "a_removed_version_is_gone_and_the_others_stay"),
            ("removing", "the_newest_version_can_be_removed"),
            ("removing", "a_deleted_object_is_gone_with_its_versions"),
            ("removing", "what_is_left_of_an_object_can_be_deleted"),
            ("dropping", "a_dropped_put_can_be_repeated"),
            ("dropping", "a_dropped_removal_can_be_repeated"),
        ],
    );
}

#[test]
fn old_versions_are_noticed() {
    noticed(
        |held, namespace| Arc::new(ReturnOld::new(memory(held, namespace), |_: Call| true)),
        &[
            ("keeping", "a_later_put_changes_no_earlier_version"),
            ("keeping", "a_repeated_put_changes_nothing"),
            ("removing", "a_put_after_a_removal_is_kept"),
            ("scanning", "versions_of_the_past_are_not_marked"),
        ],
    );
}

#[test]
fn calls_that_fail_are_noticed() {
    // Every case calls something, but for the one about what is known without a call; and a payload over the
    // limit may be refused.
    let passes = ["info_is_truthful", "a_payload_over_the_limit_is_never_cut"];
    let cases = backend::SUITE.iter().flat_map(|(group, cases)| cases.iter().map(|case| (*group, case.name)));
    let cases: Vec<_> = cases.filter(|(_, name)| !passes.contains(name)).collect();
    noticed(|held, namespace| Arc::new(FailBefore::new(memory(held, namespace), |_: Call| true)), &cases);
    noticed(
        |held, namespace| {
            Arc::new(LoseAnswer::new(memory(held, namespace), |call: Call| call.method == Method::GetMany))
        },
        &[
            ("keeping", "bulk_reads_answer_each_in_order"),
            ("keeping", "bulk_reads_answer_what_is_asked_twice"),
        ],
    );
}

#[test]
fn namespaces_that_are_mixed_up_are_noticed() {
    noticed(|held, _| memory(held, NamespaceId(Uuid::nil())), &[("sharing", "namespaces_are_apart")]);
}

#[test]
fn openings_that_do_not_see_each_other_are_noticed() {
    noticed(
        |_, namespace| memory(&Held::new(), namespace),
        &[("sharing", "a_version_is_readable_at_once_through_any_opening")],
    );
}

#[test]
fn limits_that_are_not_true_are_noticed() {
    noticed(
        |held, namespace| {
            let told = Limits::new(10, Removal::Destroys);
            Arc::new(MemoryBackend::new(held, namespace).limits(told))
        },
        &[("keeping", "info_is_truthful"), ("keeping", "every_kind_of_text_is_kept")],
    );
}

/// Catalogs that are not fresh, or whose clock stands still.
struct Stale {
    catalog: Option<Arc<dyn Catalog>>,
    env: TestEnv,
}

#[async_trait]
impl CatalogSubject for Stale {
    async fn open(&self, _accounts: &[Owner]) -> Result<Arc<dyn Catalog>> {
        let fresh = || -> Arc<dyn Catalog> { Arc::new(MemoryCatalog::new(Arc::new(self.env.clone()))) };
        Ok(self.catalog.clone().unwrap_or_else(fresh))
    }

    async fn sleep(&self, _time: Duration) {}
}

fn catalog_passes(subject: impl Fn() -> Stale, group: &str, name: &str) -> bool {
    let subject = || -> Box<dyn CatalogSubject> { Box::new(subject()) };
    panic::catch_unwind(panic::AssertUnwindSafe(|| run(catalog::SUITE, group, name, &subject))).is_ok()
}

#[test]
fn a_lease_that_never_ends_is_noticed() {
    let subject = || Stale { catalog: None, env: TestEnv::new(1) };
    assert!(!catalog_passes(subject, "attempts", "an_overdue_lock_is_fenced_and_taken"));
    assert!(!catalog_passes(subject, "attempts", "overdue_locks_are_fenced"));
    assert!(!catalog_passes(subject, "sweeps", "a_claim_that_ran_out_can_be_claimed_again"));
    assert!(catalog_passes(subject, "attempts", "one_attempt_a_secret_is_open"));
}

#[test]
fn a_catalog_that_is_not_fresh_is_noticed() {
    let env = TestEnv::new(1);
    let shared: Arc<dyn Catalog> = Arc::new(MemoryCatalog::new(Arc::new(env.clone())));
    let subject = || Stale { catalog: Some(shared.clone()), env: env.clone() };
    assert!(catalog_passes(subject, "identity", "an_empty_catalog_is_nobodys"));
    assert!(catalog_passes(subject, "identity", "a_claimed_catalog_tells_whose_it_is"));
    assert!(!catalog_passes(subject, "identity", "an_empty_catalog_is_nobodys"));
}

#[test]
fn a_case_that_does_not_exist_is_noticed() {
    let subject = || Stale { catalog: None, env: TestEnv::new(1) };
    assert!(!catalog_passes(subject, "identity", "there_is_no_such_case"));
}
