//! How a suite is defined once and run anywhere.

use futures::future::BoxFuture;
use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use strongroom_core::{Error, ErrorKind, Result};
use tokio::{runtime, time};

/// No case takes longer: one that does hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// How a text begins that is about no promise.
const UNREACHABLE: &str = "the back-end cannot be opened, or its `check` fails";

/// How long [`eventually`] waits.
const PATIENCE: Duration = Duration::from_secs(15);

/// One promise and how to see whether it is kept.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Case<S: ?Sized + 'static> {
    /// What it is called.
    pub name: &'static str,
    /// What is promised.
    pub promise: &'static str,
    /// Looks whether it is kept.
    pub run: for<'a> fn(&'a S) -> BoxFuture<'a, Outcome>,
}

impl<S: ?Sized> Case<S> {
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        promise: &'static str,
        run: for<'a> fn(&'a S) -> BoxFuture<'a, Outcome>,
    ) -> Self {
        Self { name, promise, run }
    }
}

/// Cases in groups, which have names.
pub type Suite<S> = [(&'static str, &'static [Case<S>])];

/// Whether the promise was kept.
pub type Outcome = std::result::Result<(), Broken>;

/// How a promise was broken.
#[derive(Clone, PartialEq, Eq)]
pub struct Broken(pub String);

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Broken {
    /// The service does not answer at all, so that nothing is known of any promise.
    pub(crate) fn unreachable(error: &Error) -> Self {
        Self(format!(
            "{UNREACHABLE}, so that no promise could be looked at; begin with the case \
             `check_succeeds_and_changes_nothing`: {error:?}"
        ))
    }
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self(format!("a call failed that must not: {error:?}"))
    }
}

tokio::task_local! {
    /// The calls of the case that runs.
    static CALLS: Calls;
}

/// How many calls a case made of a back-end, and the last of them.
#[derive(Clone, Default)]
pub(crate) struct Calls(Arc<Mutex<(usize, &'static str)>>);

impl Calls {
    /// Those of the case that asks.
    pub(crate) fn of_this_case() -> Self {
        CALLS.try_with(Self::clone).unwrap_or_default()
    }

    /// One more.
    pub(crate) fn note(&self, call: &'static str) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = (last.0 + 1, call);
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            (0, _) => Ok(()),
            (1, call) => write!(f, ", in its first call, `{call}`"),
            (count, call) => write!(f, ", with {count} calls, the last of them `{call}`"),
        }
    }
}

/// Runs one case on a runtime of its own, in which the subject is made, too.
///
/// # Panics
/// If the promise is broken, and if it takes longer than two minutes.
pub fn run<S: ?Sized>(suite: &Suite<S>, group: &str, name: &str, subject: &dyn Fn() -> Box<S>) {
    run_within(LIMIT, suite, group, name, subject);
}

/// The same with another limit than two minutes.
///
/// # Panics
/// If the promise is broken, and if it takes longer.
pub fn run_within<S: ?Sized>(
    limit: Duration,
    suite: &Suite<S>,
    group: &str,
    name: &str,
    // Not a type of its own for each test: everything below would be compiled anew for each, runtime included.
    subject: &dyn Fn() -> Box<S>,
) {
    let cases = suite.iter().filter(|(known, _)| *known == group).flat_map(|(_, cases)| *cases);
    let Some(case) = cases.clone().find(|case| case.name == name) else {
        panic!("no case is called {group}::{name}");
    };
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.unwrap_or_else(|error| panic!("there is no runtime: {error}"));
    let calls = Calls::default();
    let outcome = runtime.block_on(CALLS.scope(calls.clone(), async {
        let subject = subject();
        time::timeout(limit, (case.run)(&subject)).await
    }));
    // A call that hangs must not keep the test from ending.
    runtime.shutdown_background();
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(Broken(how))) if how.starts_with(UNREACHABLE) => panic!("{how}"),
        Ok(Err(Broken(how))) => panic!("broken promise: {}\n  {how}", case.promise.trim()),
        Err(_) => panic!("broken promise: {}\n  not finished after {limit:?}{calls}", case.promise.trim()),
    }
}

/// Requires that a call failed with this kind. `what` completes "... was not refused".
///
/// # Errors
/// If it succeeded or failed differently.
pub fn refused<T>(answer: Result<T>, kind: ErrorKind, what: &str) -> Outcome {
    match answer {
        Ok(_) => Err(Broken(format!("{what} was not refused"))),
        Err(error) if error.kind() == kind => Ok(()),
        Err(error) => Err(Broken(format!("{what}: expected {kind:?}, but got {error:?}"))),
    }
}

/// Runs futures at the same time, each as a task of its own; answers in their order.
///
/// # Errors
/// If one of them panics.
pub async fn together<F>(futures: impl IntoIterator<Item = F>) -> std::result::Result<Vec<F::Output>, Broken>
where
    F: Future<Output: Send> + Send + 'static,
{
    let tasks: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    let mut answers = Vec::with_capacity(tasks.len());
    for task in tasks {
        answers.push(task.await.map_err(|_| Broken("a call panicked".into()))?);
    }
    Ok(answers)
}

/// Looks again and again until it is true, for what a service shows with a delay: at most 15 s.
///
/// # Errors
/// How it was false the last time.
pub async fn eventually<F>(mut look: impl FnMut() -> F) -> Outcome
where
    F: Future<Output = Outcome>,
{
    let end = time::Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(20);
    loop {
        let outcome = look().await;
        if outcome.is_ok() || time::Instant::now() >= end {
            return outcome;
        }
        time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

/// Ends a case with a text unless something holds.
#[macro_export]
macro_rules! ensure {
    ($holds:expr, $($how:tt)+) => {
        if !$holds {
            return ::core::result::Result::Err($crate::Broken(::std::format!($($how)+)));
        }
    };
}

/// Defines the cases of one group: the functions, the list `CASES`, and the hidden macro that makes one `#[test]`
/// of each. A case cannot be left out of the list.
macro_rules! cases {
    (@dollar [$d:tt] macro $maker:ident in $suite:ident, $group:ident; subject $subject:ident;
        $( $(#[doc = $promise:literal])+ async fn $name:ident($s:ident) $body:block )*) => {
        $( async fn $name($s: &dyn $subject) -> $crate::Outcome $body )*

        pub(super) const CASES: &[$crate::Case<dyn $subject>] = &[ $(
            $crate::Case::new(stringify!($name), concat!($($promise),+), |subject| {
                Box::pin(async move {
                    let outcome = $name(subject).await;
                    subject.finish().await;
                    outcome
                })
            }),
        )* ];

        #[doc(hidden)]
        #[macro_export]
        macro_rules! $maker {
            ($d subject:expr $d(, ignore = $d why:literal)?) => { $(
                #[test]
                $d(#[ignore = $d why])?
                fn $name() {
                    $crate::run($crate::$suite::SUITE, stringify!($group), stringify!($name), &|| {
                        ::std::boxed::Box::new($d subject)
                    });
                }
            )* };
        }
    };
    ($($all:tt)*) => { cases! { @dollar [$] $($all)* } };
}

/// Puts groups together: the list `SUITE` and the public macro. A group that is defined but not named here is
/// dead code, which the compiler tells.
macro_rules! groups {
    (@dollar [$d:tt] $(#[$doc:meta])* macro $maker:ident in $suite:ident; subject $subject:ident;
        $( $group:ident => $inner:ident, )*) => {
        /// Every case of this suite.
        // No constant, which would be compiled into each program that names it, with all that the cases call.
        pub static SUITE: &$crate::Suite<dyn $subject> = &[ $( (stringify!($group), $group::CASES) ),* ];

        $(#[$doc])*
        #[macro_export]
        macro_rules! $maker {
            ($d subject:expr $d(, ignore = $d why:literal)? $d(,)?) => { $(
                mod $group {
                    #[allow(unused_imports)]
                    use super::*;
                    $crate::$inner! { $d subject $d(, ignore = $d why)? }
                }
            )* };
        }
    };
    ($($all:tt)*) => { groups! { @dollar [$] $($all)* } };
}
