//! The error that an unsuccessful answer becomes: what failed, what the server said, what to do.

mod advice;
mod build;
mod problem;

pub(super) use self::build::{api_error, invalid_response};
pub(super) use self::problem::Problem;
