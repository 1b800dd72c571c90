//! Operators on texts.

/// What a text has to satisfy.
///
/// - `Equals`, `NotEquals`, `OneOf` and `NotOneOf` compare bytes.
/// - `Contains`, `NotContains`, `StartsWith` and `EndsWith` compare bytes after folding ASCII letters, and only
///   those, to lower case on both sides. The empty text is contained in, starts and ends every text.
/// - `OneOf([])` is satisfied by no text, `NotOneOf([])` by every text.
/// - No text is null: `IsNull` is satisfied by none, `IsNotNull` by every text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextOp {
    /// Is the same text.
    Equals(String),
    /// Is another text.
    NotEquals(String),
    /// Contains the text somewhere.
    Contains(String),
    /// Contains the text nowhere.
    NotContains(String),
    /// Starts with the text.
    StartsWith(String),
    /// Ends with the text.
    EndsWith(String),
    /// Is one of the texts.
    OneOf(Vec<String>),
    /// Is none of the texts.
    NotOneOf(Vec<String>),
    /// Is absent.
    IsNull,
    /// Is present.
    IsNotNull,
}

impl TextOp {
    /// Whether a text satisfies it.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.positive(text) != self.is_negative()
    }

    /// Whether what has no such text satisfies it: none but `IsNull` and the negative ones but `IsNotNull`.
    #[must_use]
    pub fn matches_absent(&self) -> bool {
        *self == Self::IsNull || (self.is_negative() && *self != Self::IsNotNull)
    }

    /// Whether it is the negation of another operator: `NotEquals`, `NotContains`, `NotOneOf` and `IsNotNull`.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        match self {
            Self::NotEquals(_) | Self::NotContains(_) | Self::NotOneOf(_) | Self::IsNotNull => true,
            Self::Equals(_)
            | Self::Contains(_)
            | Self::StartsWith(_)
            | Self::EndsWith(_)
            | Self::OneOf(_)
            | Self::IsNull => false,
        }
    }

    /// The same operator as it compares with the 32 lower-case hexadecimal digits of an id: its operands without
    /// hyphens and with ASCII letters in lower case, so that any way to write an id, or a prefix of one, is found.
    ///
    /// An operand of nothing but hyphens stays as it is, and thus is in no id: as the empty text it would be in
    /// every id, and `user=contains:-` would find everybody.
    #[must_use]
    pub fn for_ids(&self) -> Self {
        let digits = |text: &String| {
            let bare = text.replace('-', "");
            if bare.is_empty() { text.clone() } else { bare.to_ascii_lowercase() }
        };
        match self {
            Self::Equals(text) => Self::Equals(digits(text)),
            Self::NotEquals(text) => Self::NotEquals(digits(text)),
            Self::Contains(text) => Self::Contains(digits(text)),
            Self::NotContains(text) => Self::NotContains(digits(text)),
            Self::StartsWith(text) => Self::StartsWith(digits(text)),
            Self::EndsWith(text) => Self::EndsWith(digits(text)),
            Self::OneOf(texts) => Self::OneOf(texts.iter().map(digits).collect()),
            Self::NotOneOf(texts) => Self::NotOneOf(texts.iter().map(digits).collect()),
            Self::IsNull => Self::IsNull,
            Self::IsNotNull => Self::IsNotNull,
        }
    }

    /// Whether a text satisfies the operator or, if it is a negative one, the operator that it negates.
    pub(super) fn positive(&self, text: &str) -> bool {
        match self {
            Self::Equals(wanted) | Self::NotEquals(wanted) => text == wanted,
            Self::Contains(part) | Self::NotContains(part) => contains(text.as_bytes(), part.as_bytes()),
            Self::StartsWith(start) => starts(text.as_bytes(), start.as_bytes()),
            Self::EndsWith(end) => ends(text.as_bytes(), end.as_bytes()),
            Self::OneOf(wanted) | Self::NotOneOf(wanted) => wanted.iter().any(|one| one == text),
            Self::IsNull | Self::IsNotNull => false,
        }
    }
}

// On bytes, because a slice of a str at a foreign length may panic; UTF-8 makes both mean the same.

fn contains(text: &[u8], part: &[u8]) -> bool {
    // `windows` does not take the length zero.
    part.is_empty() || text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

fn starts(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

fn ends(text: &[u8], end: &[u8]) -> bool {
    text.len()
        .checked_sub(end.len())
        .and_then(|from| text.get(from..))
        .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}
