//! Who is asking, and what they may see and do.

use crate::{Error, ErrorKind, OwnerId, Result, SecretMeta};
use std::{sync::Arc, time::Duration};

/// On whose behalf a call is made: the first argument of every call, without a default, so that nobody can
/// forget who is looking.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Context {
    /// The account that calls, and that will own what it creates.
    pub actor: OwnerId,
    /// What it may see and do, as data: the catalog makes it part of WHERE, and the engine checks it on the
    /// very row that it answers from or commits.
    pub access: Access,
    /// How long the call may take, from its start: [`TIMEOUT`](Self::TIMEOUT) unless said otherwise.
    pub timeout: Duration,
    /// Where the call came from, for the audit log.
    pub origin: Origin,
    /// Kept with the change that the call makes, in the same transaction, so that the same request is recognised when
    /// it comes again.
    pub receipt: Option<Receipt>,
}

/// Names one request of one caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The request: the same for a repeated one, unique among all others.
    pub id: uuid::Uuid,
    /// A keyed hash of what was asked for, so that another request under the same id is told from a repeated one.
    pub digest: [u8; 32],
}

/// Where a call came from, for the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The way in: `cli`, `http`, `library`.
    pub channel: String,
    /// The caller's network address, if it has one.
    pub address: Option<String>,
    /// The request's id, if it has one.
    pub request: Option<String>,
}

/// Which names an account may list, read and change. Another account's private secrets are never among them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Access {
    /// Names whose metadata it may see.
    pub list: Names,
    /// Names whose values it may see.
    pub read: Names,
    /// Names that it may create, change and delete.
    pub change: Names,
}

/// A set of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// Every name.
    All,
    /// The names that match at least one glob; without globs, none.
    Matching(Arc<[Glob]>),
}

/// A pattern over the bytes of a name, case-sensitive: `*` stands for any run of characters, `/` included;
/// `\*` and `\\` stand for themselves; everything else is literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: String,
    /// The literal runs between the stars: one more than there are stars.
    runs: Vec<String>,
}

impl Context {
    /// How long a call may take unless said otherwise: less than the 30 s after which the clients of a server give up, so
    /// that they get to know what became of it.
    pub const TIMEOUT: Duration = Duration::from_secs(25);

    /// A caller that may do everything but see others' private secrets, such as the local command line.
    #[must_use]
    pub fn full(actor: OwnerId, channel: impl Into<String>) -> Self {
        Self::new(actor, Access::full(), Origin { channel: channel.into(), ..Origin::default() })
    }

    /// A caller with these rights.
    #[must_use]
    pub fn new(actor: OwnerId, access: Access, origin: Origin) -> Self {
        Self { actor, access, timeout: Self::TIMEOUT, origin, receipt: None }
    }

    /// Allows calls this long.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whether this caller may know that the secret exists.
    #[must_use]
    pub fn may_list(&self, meta: &SecretMeta) -> bool {
        self.reaches(meta) && self.access.list.contains(meta.name.as_str())
    }

    /// Whether this caller may see the secret's values.
    #[must_use]
    pub fn may_read(&self, meta: &SecretMeta) -> bool {
        self.reaches(meta) && self.access.read.contains(meta.name.as_str())
    }

    /// Whether this caller may change or delete the secret.
    #[must_use]
    pub fn may_change(&self, meta: &SecretMeta) -> bool {
        self.reaches(meta) && self.access.change.contains(meta.name.as_str())
    }

    fn reaches(&self, meta: &SecretMeta) -> bool {
        !meta.private || meta.owner.id == self.actor
    }
}

impl Origin {
    /// A call through this way in.
    #[must_use]
    pub fn new(channel: impl Into<String>) -> Self {
        Self { channel: channel.into(), ..Self::default() }
    }
}

impl Access {
    /// Everything.
    #[must_use]
    pub fn full() -> Self {
        Self { list: Names::All, read: Names::All, change: Names::All }
    }

    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { list: Names::none(), read: Names::none(), change: Names::none() }
    }

    /// These names.
    #[must_use]
    pub fn new(list: Names, read: Names, change: Names) -> Self {
        Self { list, read, change }
    }
}

impl Names {
    /// No name.
    #[must_use]
    pub fn none() -> Self {
        Self::Matching(Arc::default())
    }

    /// Whether the name is in the set.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Matching(globs) => globs.iter().any(|glob| glob.matches(name)),
        }
    }
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a backslash before anything but `*` or `\`, and for U+0000.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        let mut runs = vec![String::new()];
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let literal = match c {
                '*' => {
                    runs.push(String::new());
                    continue;
                }
                '\\' => match chars.next() {
                    Some(escaped @ ('*' | '\\')) => escaped,
                    _ => {
                        return Err(Error::new(
                            ErrorKind::InvalidInput,
                            "glob: a backslash must be followed by `*` or `\\`",
                        ));
                    }
                },
                '\0' => {
                    return Err(Error::new(
                        ErrorKind::InvalidInput,
                        "glob: the character U+0000 is not allowed",
                    ));
                }
                other => other,
            };
            // `runs` starts with one element and only grows.
            if let Some(run) = runs.last_mut() {
                run.push(literal);
            }
        }
        Ok(Self { text, runs })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The literal runs between the stars, unescaped: `a*b` is `["a", "b"]`.
    #[must_use]
    pub fn runs(&self) -> &[String] {
        &self.runs
    }

    /// Whether the whole name matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let [first, middle @ .., last] = self.runs.as_slice() else {
            return self.runs.first().is_some_and(|only| only == name);
        };
        let Some(mut rest) = name.strip_prefix(first.as_str()) else { return false };
        for run in middle {
            // Leftmost match of each run leaves the most for the others.
            match rest.find(run.as_str()) {
                Some(at) => rest = &rest[at + run.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}
