//! The unmodified `zenml` client of PyPI against our server, and a real ZenML server to compare with.
//!
//! What is expected of a scenario is expected of both servers, so that it is ZenML's behaviour that is tested for and not
//! what we take for it. Where ours does better, only ours is asked.

mod client;
mod http;
mod program;
mod readme;
mod recordings;
mod site;
#[allow(dead_code, reason = "shared with the end-to-end tests, which use all of it")]
#[path = "../e2e/support.rs"]
mod support;

mod scenario;
mod zenml_accounts;
mod zenml_calls;
mod zenml_errors;
mod zenml_processes;
mod zenml_secrets;
mod zenml_traps;
