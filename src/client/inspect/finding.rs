//! A rule that a file does not keep: how bad that is, and what X answers to it.

/// How bad it is if a rule is broken; errors come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Documented or seen to fail.
    Error,
    /// X may refuse it.
    Warning,
    /// Good to know.
    Info,
}

impl Level {
    /// The name that users see.
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "info",
        }
    }
}

/// What X answers: code, name, and a message if it has one.
pub type Refusal = (u64, &'static str, Option<&'static str>);

/// A rule that a file does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name, which stays the same.
    pub rule: &'static str,
    /// How bad it is.
    pub level: Level,
    /// A sentence.
    pub message: String,
    /// What the file has.
    pub found: Option<String>,
    /// What it should have.
    pub allowed: Option<String>,
    /// Who says so.
    pub source: &'static str,
    /// What X answers to such a file: the error's code and name, and a message if it has one.
    pub refusal: Refusal,
}

/// The finding that explains a failure best: the first error, else the first warning.
pub fn explanation(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|finding| finding.level < Level::Info)
}
