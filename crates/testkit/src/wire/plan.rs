//! What arrived, and what is to be broken.

use super::Fault;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A request that arrived.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Without the query; for AWS the call's name (see the module).
    pub path: String,
    /// What was sent, as text.
    pub body: String,
}

impl Request {
    /// Whether its method and path are like these, in which `*` stands for any run of characters.
    #[must_use]
    pub fn is_like(&self, method: &str, path: &str) -> bool {
        like(method, &self.method) && like(path, &self.path)
    }
}

/// Which requests are broken, and how.
#[derive(Clone, Debug)]
pub struct Order {
    method: String,
    path: String,
    fault: Fault,
    skip: usize,
    left: usize,
}

impl Order {
    /// The next request with this method and path; `*` in them stands for any run of characters.
    pub fn new(method: &str, path: &str, fault: impl Into<Fault>) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), fault: fault.into(), skip: 0, left: 1 }
    }

    /// So many of them.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.left = times;
        self
    }

    /// All of them.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    /// Lets so many pass first.
    #[must_use]
    pub fn skip(mut self, requests: usize) -> Self {
        self.skip = requests;
        self
    }

    fn matches(&self, request: &Request) -> bool {
        request.is_like(&self.method, &self.path)
    }
}

/// Shared by all connections.
#[derive(Debug, Default)]
pub(super) struct Plan(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    orders: Vec<Order>,
    requests: Vec<Request>,
    broken: usize,
}

impl Plan {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn order(&self, order: Order) {
        self.lock().orders.push(order);
    }

    pub(super) fn clear(&self) {
        self.lock().orders.clear();
    }

    pub(super) fn forget(&self) {
        self.lock().requests.clear();
    }

    pub(super) fn broken(&self) -> usize {
        self.lock().broken
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    pub(super) fn count(&self, method: &str, path: &str) -> usize {
        self.lock().requests.iter().filter(|request| request.is_like(method, path)).count()
    }

    /// Takes note of a request; answers how it is broken, if it is.
    pub(super) fn arrived(&self, request: Request) -> Option<Fault> {
        let inner = &mut *self.lock();
        let mut fault = None;
        for order in inner.orders.iter_mut().filter(|order| order.left > 0 && order.matches(&request)) {
            if order.skip > 0 {
                order.skip -= 1;
                continue;
            }
            order.left -= 1;
            fault = Some(order.fault.clone());
            break;
        }
        inner.broken += usize::from(fault.is_some());
        inner.requests.push(request);
        fault
    }
}

/// Whether a text is as a pattern says, in which `*` stands for any run of characters.
fn like(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(before) else { return false };
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| like(after, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, holds) in [
            ("*", "", true),
            ("/a/*", "/a/b/c", true),
            ("/a/*/c", "/a/b/c", true),
            ("/a/*/d", "/a/b/c", false),
            ("/a", "/a/b", false),
            ("*a*", "bab", true),
        ] {
            assert_eq!(like(pattern, text), holds, "{pattern} {text}");
        }
    }

    #[test]
    fn an_order_is_used_up() {
        let plan = Plan::default();
        let request = || Request { method: "GET".into(), path: "/x".into(), body: String::new() };
        plan.order(Order::new("GET", "/*", Fault::Reset).skip(1).times(2));
        let broken: Vec<bool> = (0..5).map(|_| plan.arrived(request()).is_some()).collect();
        assert_eq!(broken, [false, true, true, false, false]);
        assert_eq!((plan.count("*", "/x"), plan.broken()), (5, 2));
    }
}
