//! What the pages of this repository say, compiled: each Rust block is a function here. They are not called.

pub mod blocks;

/// The blocks, with what they may use without saying so.
#[allow(unused, unreachable_code, clippy::all, reason = "they are as a page shows them")]
pub mod compiled {
    use std::{sync::Arc, time::Duration};
    use strongroom::*;
    use strongroom_testkit::PLUGIN;

    include!(concat!(env!("OUT_DIR"), "/blocks.rs"));
}
