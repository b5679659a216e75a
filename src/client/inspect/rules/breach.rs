//! What a rule says of a file that breaks it.

/// A rule that is broken.
#[derive(Clone, Debug, Default)]
pub struct Breach {
    /// A sentence.
    pub message: String,
    /// What the file has.
    pub found: Option<String>,
    /// What it should have.
    pub allowed: Option<String>,
}

/// A breach with what was found and what is allowed.
pub(super) fn breach(
    found: impl Into<String>,
    allowed: impl Into<String>,
    message: impl Into<String>,
) -> Option<Breach> {
    Some(Breach { message: message.into(), found: Some(found.into()), allowed: Some(allowed.into()) })
}
