//! The client: opens, fills and ends uploads, and waits for what the server makes of them.
//!
//! Each verb is one `async fn` of [`Client`] that carries its whole work, whichever side of Python or Rust it is called
//! from. It goes downwards through these floors, none of which knows the ones above it:
//!
//! * `client`: the verbs; `inner`: what they work with
//! * [`upload`]: a file from its first byte to its last wait; `wait`: the STATUS loop
//! * `exchange`: a command until its outcome is known, and one attempt of it
//! * [`retry`]: whether a request is sent again, and the budget for that; [`limits`]: rate limits, and how many at once
//! * [`record`]: what was sent and answered, as text without secrets
//! * [`auth`]: what a request is signed with; `http`: how it is sent
//! * [`protocol`]: a command becomes a request, a response becomes an answer or an error
//! * [`model`], [`error`], [`config`], [`observer`]: plain values and what the program is asked and shown

pub mod auth;
pub mod call;
#[expect(clippy::module_inception, reason = "the client of the client: no other word says what it is")]
mod client;
pub mod config;
mod deadline;
pub mod error;
mod exchange;
mod http;
mod inner;
pub mod inspect;
pub mod limits;
pub mod model;
pub mod observer;
pub mod protocol;
pub mod record;
pub mod retry;
pub mod stats;
mod system;
pub mod tokens;
pub mod upload;
mod wait;
pub mod x_limits;

pub use self::auth::Account;
#[cfg(feature = "python")]
pub(crate) use self::blocking::file_error;
pub use self::client::Client;
pub use self::exchange::save_at_exit as save_tokens_at_exit;
pub use self::http::{HttpBackend, Reservation, Transport, TransportFailure, probe};
pub(crate) use self::system::blocking;
use self::system::per_process;
pub use self::system::private_file;
pub use self::wait::{Waited, Watch};
