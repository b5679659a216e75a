//! Credentials, and the request signed with them.
pub mod oauth1;
