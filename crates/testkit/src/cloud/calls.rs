//! How often the service is asked, counted by a proxy in front of it.

use super::{CloudSubject, Site, quick, replacing, text, uncached};
use crate::wire::Wire;
use futures::future::join_all;
use std::{collections::BTreeMap, sync::Arc};
use strongroom_core::{
    Backend, DEFAULT_SIZE_LIMIT, ErrorKind, GetOptions, SecretFilter, SecretId, SecretName, SecretRef,
    SecretUpdate, SecretsStore as _,
};
use strongroom_engine::{Engine, EngineOptions};

/// Calls by name, and how often each is made.
pub type Calls = &'static [(&'static str, usize)];

/// What a back-end asks its service for.
#[derive(Clone, Copy, Debug)]
pub struct CallTable {
    /// A new secret.
    pub create: Calls,
    /// One cold read.
    pub get: Calls,
    /// New values of a secret.
    pub put: Calls,
    /// A deletion.
    pub delete: Calls,
    /// The check at start-up.
    pub check: Calls,
    /// A hundred cold reads of different secrets in one request.
    pub hundred: Calls,
    /// What follows a new secret in the background.
    pub after_create: Calls,
    /// What follows a new name in the background.
    pub after_rename: Calls,
    /// What it takes to remove one version that fell out of the history.
    pub trim: Calls,
    /// What a probe takes besides a create, a read, new values and a deletion: a new name, and the removal of the version that
    /// was the first.
    pub probe: Calls,
    /// What a request of this name costs at the service's list price, in billionths of a US dollar.
    pub price: fn(&str) -> u64,
}

/// A deployment whose calls are counted.
pub struct Counted<'a> {
    /// What counts them.
    pub wire: Wire,
    /// The deployment.
    pub site: Site,
    /// Its back-end, through the wire.
    pub backend: Arc<dyn Backend>,
    subject: &'a dyn CloudSubject,
}

impl<'a> Counted<'a> {
    /// An empty one.
    pub async fn new(subject: &'a dyn CloudSubject) -> Self {
        let wire = Wire::to(&subject.server()).await;
        let site = Site::of(subject).await;
        let backend = subject.open(site.identity.namespace, Some(&wire)).await;
        Self { wire, site, backend, subject }
    }

    /// As another process would open it: nothing is cached.
    pub async fn engine(&self, options: EngineOptions) -> Engine {
        self.site.engine(self.backend.clone(), options).await
    }

    /// What was asked since the last look.
    #[must_use]
    pub fn take(&self) -> BTreeMap<String, usize> {
        let mut calls = BTreeMap::new();
        for request in self.wire.requests() {
            *calls.entry(self.subject.name(&request)).or_default() += 1;
        }
        self.wire.forget();
        calls
    }

    /// These calls were made since the last look, and no others.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn assert(&self, what: &str, expected: &[(&str, usize)]) {
        let mut sum = BTreeMap::new();
        for (call, times) in expected {
            *sum.entry((*call).to_owned()).or_default() += times;
        }
        assert_eq!(self.take(), sum, "{what}");
    }

    /// Makes a hundred secrets, `s0` with `n` = `0` and so on, and forgets the calls that it took.
    pub async fn hundred(&self, engine: &Engine) -> Vec<SecretId> {
        let secrets = self.site.secrets(engine);
        let mut made = Vec::new();
        for n in 0..100 {
            let secret = secrets.create(&format!("s{n}"), [("n", n.to_string())]).await;
            made.push(secret.expect("a secret was refused").meta.id);
        }
        self.wire.forget();
        made
    }

    /// Reads these in one request, and finds in them what [`hundred`](Self::hundred) wrote.
    ///
    /// # Panics
    /// If they hold something else.
    pub async fn read_all(&self, engine: &Engine, which: &[SecretId]) {
        let which: Vec<SecretRef> = which.iter().map(|id| (*id).into()).collect();
        let answers = engine.get(&self.site.context(), &which, &GetOptions::new()).await;
        for (n, answer) in answers.into_iter().enumerate() {
            assert_eq!(text(&answer.expect("a read failed"), "n"), n.to_string());
        }
    }
}

fn renamed() -> SecretUpdate {
    SecretUpdate::new().name(SecretName::new("renamed").expect("a name"))
}

/// One case of [`call_suite!`](crate::call_suite).
#[doc(hidden)]
pub async fn each_operation_makes_as_many_calls_as_the_table_says(subject: &dyn CloudSubject) {
    let table = subject.calls();
    let counted = Counted::new(subject).await;
    let engine = counted.engine(quick()).await;
    let secrets = counted.site.secrets(&engine);
    counted.assert("opening", &[]);
    let mut cost = 0;
    let mut made = |calls: Calls| {
        cost += calls.iter().map(|(name, times)| (table.price)(name) * *times as u64).sum::<u64>();
        calls
    };

    let id = secrets.create("db", [("a", "1"), ("b", "1")]).await.expect("a create failed").meta.id;
    counted.assert("create", made(table.create));

    assert_eq!(text(&secrets.get("db").await.expect("a read failed"), "a"), "1");
    counted.assert("get, cached", &[]);

    let cold = counted.engine(quick()).await;
    assert_eq!(text(&counted.site.secrets(&cold).get("db").await.expect("a read failed"), "a"), "1");
    counted.assert("get, cold", made(table.get));

    secrets.update(&id.into(), replacing("a", "2")).await.expect("an update failed");
    counted.assert("replace values", made(table.put));

    secrets.set("db", "b", "3").await.expect("an update failed");
    counted.assert("patch one key, cached", made(table.put));

    let colder = counted.engine(quick()).await;
    counted.site.secrets(&colder).set("db", "b", "4").await.expect("an update failed");
    counted.assert("patch one key, cold", &[made(table.get), made(table.put)].concat());

    let listed =
        engine.list(&counted.site.context(), &SecretFilter::new()).await.expect("the list could not be read");
    assert_eq!(listed.items.len(), 1);
    secrets.update(&id.into(), renamed()).await.expect("an update failed");
    secrets.update(&id.into(), SecretUpdate::new().private(true)).await.expect("an update failed");
    assert_eq!(secrets.versions("renamed").await.expect("the history could not be read").len(), 4);
    counted.assert("list, rename, make private, versions", &[]);

    secrets.delete("renamed").await.expect("a deletion failed");
    counted.assert("delete", made(table.delete));

    engine.check().await.expect("the check failed");
    counted.assert("check", made(table.check));

    let told: Vec<_> = [&engine, &cold, &colder].iter().flat_map(|engine| engine.stats().calls).collect();
    let told: u64 = told.into_iter().map(|(_, calls)| calls.cost.expect("no price")).sum();
    assert_eq!(told, cost, "left: what the metrics tell, right: what these requests cost");

    // What `serve --check` and `status --deep` try, too.
    for (_, tried) in engine.probe().await {
        tried.expect("the probe failed");
    }
    let probe = [table.create, table.get, table.put, table.probe, table.delete];
    counted.assert("probe", &probe.concat());
}

/// One case of [`call_suite!`](crate::call_suite).
#[doc(hidden)]
pub async fn what_follows_in_the_background_is_bounded(subject: &dyn CloudSubject) {
    let table = subject.calls();
    let counted = Counted::new(subject).await;
    let mut options = quick();
    options.history = 2;
    let engine = counted.engine(options).await;
    let secrets = counted.site.secrets(&engine);
    let id = secrets.create("db", [("a", "1")]).await.expect("a create failed").meta.id;
    counted.wire.forget();

    counted.site.settle(&engine).await;
    counted.assert("after a create", table.after_create);

    secrets.update(&id.into(), renamed()).await.expect("an update failed");
    counted.site.settle(&engine).await;
    counted.assert("after a rename", table.after_rename);

    secrets.update(&id.into(), replacing("a", "2")).await.expect("an update failed");
    secrets.update(&id.into(), replacing("a", "3")).await.expect("an update failed");
    counted.wire.forget();
    counted.site.settle(&engine).await;
    counted.assert("trimming", table.trim);
    counted.site.assert_accounted(&*counted.backend).await;
}

/// One case of [`call_suite!`](crate::call_suite).
#[doc(hidden)]
pub async fn a_thousand_cold_reads_of_one_secret_are_one_call(subject: &dyn CloudSubject) {
    let counted = Counted::new(subject).await;
    let writer = counted.engine(quick()).await;
    counted.site.secrets(&writer).create("db", [("a", "1")]).await.expect("a create failed");
    counted.wire.forget();

    let cold = counted.engine(quick()).await;
    let reads = (0..1000).map(|_| {
        let secrets = counted.site.secrets(&cold);
        tokio::spawn(async move { text(&secrets.get("db").await.expect("a read failed"), "a") })
    });
    for read in join_all(reads).await {
        assert_eq!(read.expect("a read panicked"), "1");
    }
    counted.assert("1,000 reads", subject.calls().get);
}

/// One case of [`call_suite!`](crate::call_suite).
#[doc(hidden)]
pub async fn a_hundred_cold_reads_in_one_request_are_as_many_calls_as_said(subject: &dyn CloudSubject) {
    let counted = Counted::new(subject).await;
    let which = counted.hundred(&counted.engine(quick()).await).await;
    counted.read_all(&counted.engine(quick()).await, &which).await;
    counted.assert("100 reads", subject.calls().hundred);
}

/// One case of [`call_suite!`](crate::call_suite).
#[doc(hidden)]
pub async fn too_much_is_refused_with_both_numbers_before_any_call(subject: &dyn CloudSubject) {
    let counted = Counted::new(subject).await;
    let engine = counted.engine(uncached()).await;
    let secrets = counted.site.secrets(&engine);
    // Below the limit of every store, which counts keys and values alone, the service's counts the frame, too.
    let (most, frame) = match counted.backend.info().limits.payload_bytes {
        bytes if bytes > DEFAULT_SIZE_LIMIT => (DEFAULT_SIZE_LIMIT, "k".len()),
        bytes => (bytes, r#"{"k":""}"#.len()),
    };
    let error = secrets.create("large", [("k", "v".repeat(most + 1 - frame))]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    let shown = error.to_string();
    assert!(shown.contains(&most.to_string()) && shown.contains(&(most + 1).to_string()), "{shown}");
    counted.assert("too much", &[]);
    secrets.create("large", [("k", "v".repeat(most - frame))]).await.expect("a create failed");
    assert_eq!(text(&secrets.get("large").await.expect("a read failed"), "k").len(), most - frame);
}

/// Makes one `#[tokio::test]` of each case about the calls of a [`CloudSubject`]; with `ignore = "why"`, ignored ones.
#[macro_export]
macro_rules! call_suite {
    ($subject:expr $(, ignore = $why:literal)? $(,)?) => {
        $crate::cloud_cases! { calls, $subject, [$($why)?],
            each_operation_makes_as_many_calls_as_the_table_says
            what_follows_in_the_background_is_bounded
            a_thousand_cold_reads_of_one_secret_are_one_call
            a_hundred_cold_reads_in_one_request_are_as_many_calls_as_said
            too_much_is_refused_with_both_numbers_before_any_call
        }
    };
}

/// The tests of a suite.
#[doc(hidden)]
#[macro_export]
macro_rules! cloud_cases {
    ($suite:ident, $subject:expr, [$($why:literal)?], ) => {};
    ($suite:ident, $subject:expr, [], $name:ident $($rest:ident)*) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            $crate::cloud::$suite::$name(&$subject).await;
        }
        $crate::cloud_cases! { $suite, $subject, [], $($rest)* }
    };
    ($suite:ident, $subject:expr, [$why:literal], $name:ident $($rest:ident)*) => {
        #[tokio::test(flavor = "multi_thread")]
        #[ignore = $why]
        async fn $name() {
            $crate::cloud::$suite::$name(&$subject).await;
        }
        $crate::cloud_cases! { $suite, $subject, [$why], $($rest)* }
    };
}
