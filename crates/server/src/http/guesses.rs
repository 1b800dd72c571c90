//! Guesses of passwords: once one is looked at it is counted, and noted if it is wrong or lets somebody in, also if whoever
//! guessed went away.

use super::{
    auth::{Caller, Facts, origin},
    detached::detached,
    state::App,
};
use crate::identity::{Known, Rejected};
use secrecy::SecretString;
use std::sync::Arc;
use strongroom_core::Result;

/// What `then` makes of a right password: in the same task, so that it comes to an end, with its entry in the audit trail,
/// whether or not somebody waits for it. A wrong password is in the trail by then.
pub(crate) async fn if_right<T, F>(
    app: &App,
    facts: &Facts,
    name: &str,
    password: SecretString,
    then: impl FnOnce(App, Facts, Arc<Known>) -> F + Send + 'static,
) -> Result<T, Rejected>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Rejected>> + Send + 'static,
{
    let guess = match app.identities.guess_password(name, facts.address).await {
        Ok(guess) => guess,
        Err(rejected) => {
            return Err(note_refusal(app, facts, rejected, app.identities.name_bucket(name)).await);
        }
    };
    let (facts, name) = (facts.clone(), name.to_owned());
    detached(app, |app| async move {
        let known = app.identities.by_password(guess, &name, password, facts.timeout).await;
        match known {
            Ok(known) => then(app, facts, known).await,
            Err(rejected) => {
                Err(note_refusal(&app, &facts, rejected, app.identities.name_bucket(&name)).await)
            }
        }
    })
    .await
}

/// Whether it is the caller's password; `what` names the request in the audit trail.
pub(crate) async fn is_own(
    app: &App,
    caller: &Caller,
    password: SecretString,
    what: &'static str,
) -> Result<bool, Rejected> {
    let guess = app.identities.guess_password(&caller.account().name, caller.facts.address).await?;
    let (known, facts, cx) = (caller.known.clone(), caller.facts.clone(), caller.context());
    detached(app, |app| async move {
        let right = app.identities.is_password(guess, &known, password).await?;
        if !right {
            facts.seen.note();
            app.trail.note_denial(&cx, "request.denied", &format!("{what}: a wrong password")).await?;
        }
        Ok(right)
    })
    .await
}

/// Notes that a login was refused, once for each request; a failure is no refusal. Answers what the caller is told.
pub(crate) async fn note_refusal(
    app: &App,
    facts: &Facts,
    rejected: Rejected,
    who: Result<String>,
) -> Rejected {
    if matches!(rejected, Rejected::Failed(_)) || facts.seen.is_noted() {
        return rejected;
    }
    facts.seen.note();
    let noted = async { app.trail.note_stranger(origin(facts), "login.failed", &who?).await };
    noted.await.map_or_else(Rejected::Failed, |()| rejected)
}
