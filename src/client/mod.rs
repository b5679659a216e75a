//! The client: opens, fills and ends uploads, and waits for what the server makes of them.
//!
//! Each verb is one `async fn` of [`Client`] that carries its whole work, whichever side of Python or Rust it is called
//! from. It goes downwards through these floors, none of which knows the ones above it:
//!
//! * `verbs`: what a program can ask for
//! * [`upload`]: a file from its first byte to its last wait; `wait`: the STATUS loop
//! * `exchange`: a command until its outcome is known, and one attempt of it
//! * [`retry`]: whether a request is sent again, and the budget for that; [`limits`]: rate limits, and how many at once
//! * [`record`]: what was sent and answered, as text without secrets
//! * [`auth`]: what a request is signed with; `http`: how it is sent
//! * [`protocol`]: a command becomes a request, a response becomes an answer or an error
//! * `types`: plain values, [`model`], [`error`] and [`config`] among them

pub mod auth;
mod exchange;
mod http;
pub mod inspect;
pub mod limits;
pub mod protocol;
pub mod record;
pub mod retry;
mod types;
pub mod upload;
mod verbs;
mod wait;

pub use self::auth::Account;
pub use self::exchange::call;
pub use self::exchange::save_at_exit as save_tokens_at_exit;
pub use self::http::{HttpBackend, Reservation, Transport, TransportFailure, probe};
pub use self::types::{
    category, config, deadline, error, exchange_log, kept_exchange, model, observer, pause, stats, x_limits, x_values,
};
pub use self::verbs::{Client, login};
pub use self::wait::{Waited, Watch};
