//! The parts that the tests are run in.

/// One part of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The formatting.
    Fmt,
    /// Clippy.
    Lint,
    /// Whatever is in no other part.
    Unit,
    /// What every back-end promises.
    Conformance,
    /// The protocol under simulated crashes and schedules.
    Simulate,
    /// Real processes.
    E2e,
    /// The dependencies.
    Deny,
}

impl Part {
    /// All of them, in the order in which they run.
    pub(crate) const ALL: [Self; 7] =
        [Self::Fmt, Self::Lint, Self::Unit, Self::Conformance, Self::Simulate, Self::E2e, Self::Deny];

    /// What it is called on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Lint => "lint",
            Self::Unit => "unit",
            Self::Conformance => "conformance",
            Self::Simulate => "simulate",
            Self::E2e => "e2e",
            Self::Deny => "deny",
        }
    }

    /// The part of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// Whether it runs tests, as opposed to a command that looks at the source.
    pub(crate) fn is_suite(self) -> bool {
        matches!(self, Self::Unit | Self::Conformance | Self::Simulate | Self::E2e)
    }

    /// The part that a test target belongs to, by its name, so that there is no list to forget one in.
    pub(crate) fn of_target(target: &str) -> Self {
        match target {
            "e2e" | "zenml" => Self::E2e,
            name if name.starts_with("conformance") => Self::Conformance,
            name if name.starts_with("simulate") => Self::Simulate,
            _ => Self::Unit,
        }
    }
}
