//! The mock server: an honest fake of both versions of X's media upload, on loopback, for tests.
//!
//! [`MockServer`] runs on a thread of its own and answers what WIRE.md says. Of the client it takes only the model and
//! the OAuth 1.0a base string.

mod answers;
mod auth;
mod body;
mod category;
mod connection;
mod faults;
mod file_type;
mod house;
mod journal;
mod limits;
mod media;
mod multipart;
mod processing;
mod requests;
mod responses;
mod script;
mod server;
mod service;
mod state;
mod tls;
mod v1_1;
mod v2;

pub use auth::Credential;
pub use journal::Recorded;
pub use media::{MediaRecord, NewMedia, Subtitle};
pub use processing::Step;
pub use script::{Fault, FaultKind, Item, Reply};
pub use server::{MockServer, Options};
