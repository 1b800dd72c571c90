//! Who may do what.

/// An application of the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Application {
    /// May do everything with secrets.
    Writer,
    /// May do nothing.
    Nobody,
    /// May do everything but purge.
    Keeper,
    /// May do everything, and shows an assertion of a cluster's own authority instead of a secret.
    Federated,
}

impl Application {
    const ALL: [Self; 4] = [Self::Writer, Self::Nobody, Self::Keeper, Self::Federated];

    /// Its client id.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Writer => "a0000000-0000-0000-0000-000000000000",
            Self::Nobody => "b0000000-0000-0000-0000-000000000000",
            Self::Keeper => "c0000000-0000-0000-0000-000000000000",
            Self::Federated => "f0000000-0000-0000-0000-000000000000",
        }
    }

    pub(crate) fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.id() == id)
    }

    pub(crate) fn may(self, action: Action) -> bool {
        match self {
            Self::Writer | Self::Federated => true,
            Self::Keeper => action != Action::Purge,
            Self::Nobody => false,
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
