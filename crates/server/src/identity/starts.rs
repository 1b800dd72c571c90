//! How often logins with a browser may begin from one place: each is a row in the database, and nobody has to prove
//! anything for it.

use super::limiter::network_of;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How many may begin at once, after a pause.
const AT_ONCE: u32 = 30;
/// After this long there may be one more.
const PACE: Duration = Duration::from_secs(5);
/// Bounds the memory that an attacker can take.
const PLACES: usize = 10_000;

/// By network: when as many as may begin at once may begin again.
#[derive(Default)]
pub(super) struct Starts(Mutex<HashMap<Option<IpAddr>, Duration>>);

impl Starts {
    /// Counts one that wants to begin; `Err` with how long it has to wait. `now` is a monotonic clock.
    pub(super) fn begin(&self, source: Option<IpAddr>, now: Duration) -> Result<(), Duration> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = source.map(network_of);
        if places.len() >= PLACES && !places.contains_key(&place) {
            places.retain(|_, full| *full > now);
            if places.len() >= PLACES {
                // The database bounds what can come of it.
                places.clear();
            }
        }
        let full = places.entry(place).or_default();
        let next = (*full).max(now) + PACE;
        match next.checked_sub(now + PACE * AT_ONCE) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                *full = next;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_may_begin_some_at_once_and_then_one_now_and_then() {
        let starts = Starts::default();
        let from = |text: &str| Some(text.parse().unwrap());
        let at = Duration::from_secs;
        for n in 0..AT_ONCE {
            assert_eq!(starts.begin(from(&format!("2001:db8::{n}")), at(100)), Ok(()));
        }
        assert_eq!(starts.begin(from("2001:db8::ffff"), at(100)), Err(PACE), "one network");
        assert_eq!(starts.begin(from("2001:db8::ffff"), at(104)), Err(at(1)));
        assert_eq!(starts.begin(from("2001:db8::ffff"), at(105)), Ok(()));
        assert_eq!(starts.begin(from("192.0.2.1"), at(105)), Ok(()), "another place");
        for n in 0..3 * PLACES {
            let _ = starts.begin(Some(IpAddr::from((n as u32).to_be_bytes())), at(106));
        }
        assert!(starts.0.lock().unwrap().len() <= PLACES);
    }
}
