//! Which call a request is.

use crate::applications::Action;

/// A call of the API about secrets. An empty version is the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call<'a> {
    Set { name: &'a str },
    Update { name: &'a str, version: &'a str },
    Get { name: &'a str, version: &'a str },
    List,
    ListVersions { name: &'a str },
    Delete { name: &'a str },
    ListDeleted,
    GetDeleted { name: &'a str },
    Purge { name: &'a str },
    Recover { name: &'a str },
}

impl<'a> Call<'a> {
    /// The call, if there is such a one.
    pub(crate) fn find(method: &str, segments: &[&'a str]) -> Option<Self> {
        let call = match (method, segments) {
            ("PUT", ["secrets", name]) => Self::Set { name },
            ("PATCH", ["secrets", name]) => Self::Update { name, version: "" },
            ("PATCH", ["secrets", name, version]) => Self::Update { name, version },
            ("GET", ["secrets"]) => Self::List,
            ("GET", ["secrets", name]) => Self::Get { name, version: "" },
            ("GET", ["secrets", name, "versions"]) => Self::ListVersions { name },
            ("GET", ["secrets", name, version]) => Self::Get { name, version },
            ("DELETE", ["secrets", name]) => Self::Delete { name },
            ("GET", ["deletedsecrets"]) => Self::ListDeleted,
            ("GET", ["deletedsecrets", name]) => Self::GetDeleted { name },
            ("DELETE", ["deletedsecrets", name]) => Self::Purge { name },
            ("POST", ["deletedsecrets", name, "recover"]) => Self::Recover { name },
            _ => return None,
        };
        Some(call)
    }

    /// What it is about; none for lists of all.
    pub(crate) fn name(self) -> Option<&'a str> {
        match self {
            Self::List | Self::ListDeleted => None,
            Self::Set { name }
            | Self::Update { name, .. }
            | Self::Get { name, .. }
            | Self::ListVersions { name }
            | Self::Delete { name }
            | Self::GetDeleted { name }
            | Self::Purge { name }
            | Self::Recover { name } => Some(name),
        }
    }

    /// What the caller must be allowed.
    pub(crate) fn action(self) -> Action {
        match self {
            Self::Set { .. } => Action::Set,
            Self::Update { .. } => Action::Update,
            Self::Get { .. } | Self::GetDeleted { .. } => Action::Get,
            Self::List | Self::ListVersions { .. } | Self::ListDeleted => Action::List,
            Self::Delete { .. } => Action::Delete,
            Self::Purge { .. } => Action::Purge,
            Self::Recover { .. } => Action::Recover,
        }
    }

    /// Whether it counts as one of the few creates.
    pub(crate) fn creates(self) -> bool {
        matches!(self, Self::Set { .. })
    }
}
