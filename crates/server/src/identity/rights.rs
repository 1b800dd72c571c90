//! From roles and scopes to what the engine checks.

use strongroom_core::{Access, Glob, Names};
use strongroom_sql::identities::{Account, Grant, Role, Scope};

/// What an account may list, read and change. The role says what, the scope says where.
#[must_use]
pub fn access(account: &Account, grants: &[Grant]) -> Access {
    let names = match account.scope {
        Scope::All => Names::All,
        // A glob that cannot be read grants nothing.
        Scope::Granted => {
            Names::Matching(grants.iter().filter_map(|grant| Glob::new(grant.glob.as_str()).ok()).collect())
        }
    };
    match account.role {
        Role::Admin | Role::Writer => Access::new(names.clone(), names.clone(), names),
        Role::Reader => Access::new(names.clone(), names, Names::none()),
        Role::Auditor => Access::new(names, Names::none(), Names::none()),
    }
}
