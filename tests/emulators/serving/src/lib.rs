//! What the emulators of cloud services have in common: a server in a thread of its own, and a clock.
//!
//! The server listens on loopback alone. It speaks HTTP/1.1, and HTTPS on the same port if it has a certificate. It
//! ends when it is dropped, so that a test that starts one leaves nothing behind.

mod clock;
mod message;
mod server;

pub use clock::Clock;
pub use message::{Answer, Request};
pub use server::{Server, answers};
