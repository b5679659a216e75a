//! The state of the server: accounts, rate limits, uploads and their processing, the same for both versions of the API.

pub(crate) mod accounts;
pub(crate) mod category;
pub(crate) mod file_type;
pub(crate) mod inspection;
pub(crate) mod logins;
mod media_commands;
pub(crate) mod processing;
pub(crate) mod rate_limits;
pub(crate) mod rejection;
pub(crate) mod server_state;
pub(crate) mod upload;
