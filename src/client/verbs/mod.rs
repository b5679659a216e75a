//! What a program can ask of a client: the verbs for media, and logins that begin and end.

mod client;
pub mod login;
mod revoke;
mod token_task;

pub use self::client::Client;
