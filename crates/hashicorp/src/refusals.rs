//! A login that was refused: it is not sent again at once, since the service may count such logins, and lock out who makes
//! them.

use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use strongroom_core::Error;
use tokio::time::Instant;

/// How long the same login is not sent again after its first refusal.
const FIRST: Duration = Duration::from_secs(1);

/// The longest such time: each refusal doubles it until then.
const LONGEST: Duration = Duration::from_secs(60);

/// The last login, if it was refused.
#[derive(Default)]
pub(crate) struct Refusals(Option<Refused>);

struct Refused {
    /// What was shown, if that can change.
    credential: Option<SecretString>,
    error: Error,
    pause: Duration,
    until: Instant,
}

impl Refusals {
    /// What was said to this credential, if it is too early to show it again.
    pub(crate) fn remembered(&self, credential: Option<&SecretString>, now: Instant) -> Option<Error> {
        let refused = self.0.as_ref().filter(|refused| refused.is_of(credential) && now < refused.until);
        refused.map(|refused| refused.error.clone())
    }

    /// Takes note that this credential was refused.
    pub(crate) fn note(&mut self, credential: Option<SecretString>, error: &Error, now: Instant) {
        let before = self.0.take().filter(|refused| refused.is_of(credential.as_ref()));
        let pause = before.map_or(FIRST, |refused| (refused.pause * 2).min(LONGEST));
        self.0 = Some(Refused { credential, error: error.clone(), pause, until: now + pause });
    }

    /// Takes note that a login succeeded.
    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }
}

impl Refused {
    fn is_of(&self, credential: Option<&SecretString>) -> bool {
        text(self.credential.as_ref()) == text(credential)
    }
}

fn text(secret: Option<&SecretString>) -> Option<&str> {
    secret.map(|secret| secret.expose_secret())
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_core::ErrorKind;

    #[test]
    fn what_was_refused_waits_longer_each_time_and_what_is_new_does_not() {
        let mut refusals = Refusals::default();
        let (old, new) = (SecretString::from("old"), SecretString::from("new"));
        let error = Error::new(ErrorKind::StoreRefused, "no");
        let mut now = Instant::now();
        assert!(refusals.remembered(Some(&old), now).is_none());
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            refusals.note(Some(old.clone()), &error, now);
            let pause = Duration::from_secs(seconds);
            let early = now + pause - Duration::from_millis(1);
            let told = refusals.remembered(Some(&old), early).map(|error| error.kind());
            assert_eq!(told, Some(ErrorKind::StoreRefused), "{seconds}");
            assert!(refusals.remembered(Some(&new), early).is_none(), "{seconds}");
            assert!(refusals.remembered(None, early).is_none(), "{seconds}");
            now += pause;
            assert!(refusals.remembered(Some(&old), now).is_none(), "{seconds}");
        }
        refusals.note(Some(new.clone()), &error, now);
        assert!(refusals.remembered(Some(&new), now + FIRST).is_none());
        refusals.note(None, &error, now);
        assert!(refusals.remembered(None, now).is_some());
        refusals.forget();
        assert!(refusals.remembered(None, now).is_none());
    }
}
