//! Who may do what.

use serde_json::Value;

/// An application of the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Application {
    /// Has the role.
    Writer,
    /// May do nothing.
    Nobody,
    /// Has the role, and may purge.
    Purger,
    /// May do everything with secrets.
    Operator,
    /// Has the role, and shows an assertion of a cluster's own authority instead of a secret.
    Federated,
}

impl Application {
    const ALL: [Self; 5] = [Self::Writer, Self::Nobody, Self::Purger, Self::Operator, Self::Federated];

    /// Its client id.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Writer => "a0000000-0000-0000-0000-000000000000",
            Self::Nobody => "b0000000-0000-0000-0000-000000000000",
            Self::Purger => "c0000000-0000-0000-0000-000000000000",
            Self::Operator => "d0000000-0000-0000-0000-000000000000",
            Self::Federated => "f0000000-0000-0000-0000-000000000000",
        }
    }

    pub(crate) fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.id() == id)
    }
}

/// A role of one's own: what it allows with the secrets of a vault.
#[derive(Clone, Debug)]
pub struct Role(Vec<Action>);

impl Role {
    /// Reads it from the file that `az role definition create` takes. `None` if its `DataActions` are none, or not all
    /// actions with secrets, named in full; or if there are `NotDataActions`.
    #[must_use]
    pub fn parse(json: &str) -> Option<Self> {
        let role: Value = serde_json::from_str(json).ok()?;
        if role.get("NotDataActions").is_some_and(|not| not != &Value::Array(Vec::new())) {
            return None;
        }
        let actions = role.get("DataActions")?.as_array()?;
        actions.iter().map(|name| Action::of(name.as_str()?)).collect::<Option<_>>().map(Self)
    }

    pub(crate) fn allows(&self, who: Application, action: Action) -> bool {
        match who {
            Application::Writer | Application::Federated => self.0.contains(&action),
            Application::Purger => self.0.contains(&action) || action == Action::Purge,
            Application::Operator => true,
            Application::Nobody => false,
        }
    }
}

/// What roles allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Get,
    Set,
    Update,
    List,
    Delete,
    Purge,
    Recover,
}

impl Action {
    const ALL: [Self; 7] =
        [Self::Get, Self::Set, Self::Update, Self::List, Self::Delete, Self::Purge, Self::Recover];

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// What roles call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            Self::Set => "Microsoft.KeyVault/vaults/secrets/setSecret/action",
            Self::Update => "Microsoft.KeyVault/vaults/secrets/update/action",
            Self::List => "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
            Self::Delete => "Microsoft.KeyVault/vaults/secrets/delete",
            Self::Purge => "Microsoft.KeyVault/vaults/secrets/purge/action",
            Self::Recover => "Microsoft.KeyVault/vaults/secrets/recover/action",
        }
    }
}
