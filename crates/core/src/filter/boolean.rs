//! Operators on what is true or false.

/// What a yes or no has to satisfy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoolOp {
    /// Is this one.
    Is(bool),
    /// Is absent.
    IsNull,
    /// Is present.
    IsNotNull,
}

/// What a word means, in any case: `true`, `t`, `yes`, `y`, `on`, `1` and their opposites; `None` for another word.
#[must_use]
pub fn yes_or_no(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}
