//! What needs no client: the check of a file, logins and the files that keep them, and the requests of `xmedia doctor`.

pub mod check;
pub mod login;
pub mod probe;
