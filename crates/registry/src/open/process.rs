//! What operators find a process by.

/// The process and its host, behind what else is known of it.
pub(super) fn named(at: &str) -> String {
    let host = rustix::system::uname();
    let process = format!("process {} on {}", std::process::id(), host.nodename().to_string_lossy());
    if at.is_empty() { process } else { format!("{at}, {process}") }
}
