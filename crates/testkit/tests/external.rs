//! The engine over services that cost, hang, fail and lose answers.

#[path = "external/calls.rs"]
mod calls;
#[path = "external/limits.rs"]
mod limits;
#[path = "external/moves.rs"]
mod moves;
#[path = "external/names.rs"]
mod names;
#[path = "external/patience.rs"]
mod patience;
#[path = "external/repairs.rs"]
mod repairs;
#[path = "external/restored.rs"]
mod restored;
mod site;
#[path = "external/sweeps.rs"]
mod sweeps;
#[path = "external/walks.rs"]
mod walks;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use strongroom_testkit::faults::{Call, Method};

/// Turns misbehaviour of some methods on and off.
#[derive(Clone)]
struct Switch(Arc<AtomicBool>, &'static [Method]);

impl Switch {
    fn off(methods: &'static [Method]) -> Self {
        Self(Arc::new(AtomicBool::new(false)), methods)
    }

    fn set(&self, on: bool) {
        self.0.store(on, Ordering::SeqCst);
    }

    /// What decides.
    fn decide(&self) -> impl Fn(Call) -> bool + Send + Sync + use<> {
        let switch = self.clone();
        move |call: Call| switch.0.load(Ordering::SeqCst) && switch.1.contains(&call.method)
    }
}
