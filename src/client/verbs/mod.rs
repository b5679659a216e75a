//! What a program can ask of a client: the verbs for media, and logins that begin and end.

mod client;
pub mod login;

pub use self::client::Client;
