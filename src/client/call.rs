//! How one call is carried out.

use super::config::Retry;
use super::deadline::Deadline;
use super::observer::Caller;

/// How a command is carried out.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// When it must have ended.
    pub deadline: Deadline,
    /// How often it is tried; `None` is once.
    pub retry: Option<&'a Retry>,
    /// Who called.
    pub caller: &'a dyn Caller,
}
