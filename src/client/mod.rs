//! The Rust client.
pub mod auth;
pub mod error;
pub mod model;
pub mod protocol;
