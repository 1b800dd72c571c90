//! What accounts are, and what they may do.

use crate::{Error, ErrorKind, Result};
use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal; $($(#[$variant_doc:meta])* $variant:ident = $word:literal),*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_doc])* $variant),* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word for it, which never changes.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The one with this word.
            ///
            /// # Errors
            /// `InvalidInput` that names the known ones.
            pub fn parse(word: &str) -> Result<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word).ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|one| one.as_str()).collect();
                    let text = format!("{}: use one of {}", $what, known.join(", "));
                    Error::new(ErrorKind::InvalidInput, text)
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What an account is.
    AccountKind, "kind";
    /// A person, who logs in with a password.
    User = "user",
    /// A program, which logs in with API keys.
    Service = "service",
    /// It only owns secrets; nobody can log in with it.
    Foreign = "foreign"
}

words! {
    /// What an account may do with the secrets in its scope.
    Role, "role";
    /// Everything, and manage accounts.
    Admin = "admin",
    /// Read, create, change and delete.
    Writer = "writer",
    /// Read, values included.
    Reader = "reader",
    /// See names and the audit log, never values.
    Auditor = "auditor"
}

words! {
    /// Which secrets an account's role is about.
    Scope, "scope";
    /// All.
    All = "all",
    /// Those that its grants name; without grants none.
    Granted = "granted"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_known_or_refused_with_those_that_are() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()).unwrap(), *role);
        }
        let error = Role::parse("Admin").unwrap_err();
        assert_eq!(error.message(), "role: use one of admin, writer, reader, auditor");
    }
}
