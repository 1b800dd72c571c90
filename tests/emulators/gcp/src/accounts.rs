//! Who may do what.

use crate::{
    PROJECT,
    refusal::{Refusal, Result},
    routes::{Call, Target},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Below a project, or a location of it: what the permissions that are about one secret are limited to, as a condition of the
/// role would.
const NAMED: &str = "/secrets/strongroom-";
/// What [`Account::Operator`] may besides.
const OPERATING: [&str; 2] = ["secretmanager.versions.enable", "secretmanager.versions.disable"];

/// A service account of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// Has the role, for secrets whose names begin with `strongroom-`.
    Writer,
    /// May besides enable and disable versions.
    Operator,
    /// May do nothing.
    Nobody,
    /// May do nothing but be given tokens of [`Writer`](Self::Writer).
    Impersonator,
}

impl Account {
    pub(crate) const ALL: [Self; 4] = [Self::Writer, Self::Operator, Self::Nobody, Self::Impersonator];

    /// What its tokens that never expire begin with.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Writer => "writer",
            Self::Operator => "operator",
            Self::Nobody => "nobody",
            Self::Impersonator => "impersonator",
        }
    }

    pub(crate) fn email(self) -> String {
        format!("{}@{PROJECT}.iam.gserviceaccount.com", self.name())
    }

    /// Whether it may be given tokens of another account.
    pub(crate) fn may_impersonate(self, whom: &str) -> Result<()> {
        if self == Self::Impersonator && whom == Self::Writer.email() {
            return Ok(());
        }
        let resource = format!("projects/-/serviceAccounts/{whom}");
        Err(Refusal::denied("iam.serviceAccounts.getAccessToken", &resource))
    }
}

/// The permissions of a custom role.
#[derive(Clone, Debug, Default)]
pub struct Role(BTreeSet<String>);

impl Role {
    /// Reads it from the file that `gcloud iam roles create` takes, in JSON. `None` if that has no
    /// `includedPermissions`.
    #[must_use]
    pub fn parse(json: &str) -> Option<Self> {
        let role: Value = serde_json::from_str(json).ok()?;
        let permissions = role.get("includedPermissions")?.as_array()?;
        permissions.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>().map(Self)
    }

    /// Refuses a call that the account may not make, without a word about whether there is such a secret.
    pub(crate) fn check(&self, who: Account, call: Call, target: &Target, parent: &str) -> Result<()> {
        let permission = call.permission();
        let has = match who {
            Account::Writer => self.0.contains(permission),
            Account::Operator => self.0.contains(permission) || OPERATING.contains(&permission),
            Account::Nobody | Account::Impersonator => false,
        };
        let resource = match (target.secret.as_str(), target.version.as_str()) {
            ("", _) => parent.to_owned(),
            (secret, "") => format!("{parent}/secrets/{secret}"),
            (secret, version) => format!("{parent}/secrets/{secret}/versions/{version}"),
        };
        let named = || resource.strip_prefix(parent).is_some_and(|name| name.starts_with(NAMED));
        if has && (call.is_about_the_project() || named()) {
            return Ok(());
        }
        Err(Refusal::denied(permission, &resource))
    }
}
