//! The mock server: an honest fake of both versions of X's media upload, on loopback, for tests.
//!
//! [`MockServer`] runs on a thread of its own and answers as docs/how/wire.md says. Of the client it takes only the
//! model and the OAuth 1.0a base string. From the bottom upwards: [`options`], [`script`] and [`request_log`] are what a test sets
//! and reads; [`state`] is what the server knows; [`api`] is what it understands and answers; [`replay`] acts out
//! what was recorded elsewhere; [`control`]
//! is how other languages control it; [`net`] is HTTP,
//! connections and their faults; [`server`] is the handle that a test holds.

mod access;
mod api;
mod control;
mod net;
mod options;
mod replay;
mod request_log;
mod script;
mod server;
mod shared;
mod state;

pub use options::{Credential, Options, RateLimits, Step};
pub use request_log::{REDACTED, RecordedRequest, SECRET_PARAMETERS};
pub use script::{Fault, FaultKind, Item, Reply};
pub use server::MockServer;
pub use state::upload::{MediaRecord, NewMedia, Subtitle};
