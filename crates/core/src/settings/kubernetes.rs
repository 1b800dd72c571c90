//! Variables that nobody wrote.

/// Whether a name has the form of the variables that Kubernetes injects into every container for each service
/// `X` of its namespace: `X_SERVICE_HOST`, `X_SERVICE_PORT`, `X_SERVICE_PORT_<port>`, `X_PORT` and
/// `X_PORT_<number>_...`. A service that is called like this program must not keep it from starting.
#[must_use]
pub fn is_injected(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_PORT")
        || name.contains("_SERVICE_PORT_")
        || is_numbered_port(name)
}

/// Whether a name is `X_PORT_<number>_...`: nothing below a key `port`, since no key begins with a digit.
pub(super) fn is_numbered_port(name: &str) -> bool {
    name.match_indices("_PORT_").any(|(at, found)| {
        let rest = &name[at + found.len()..];
        rest.split_once('_')
            .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    })
}
