//! Values of one language turned into those of the other: arguments in, results and exceptions out.

pub(super) mod args;
pub(super) mod client_options;
pub(super) mod descriptor;
pub(super) mod errors;
mod exception_class;
pub(super) mod exchanges;
pub(super) mod har;
pub(super) mod options;
pub(super) mod rate_limit;
pub(super) mod results;
pub(super) mod slots;
