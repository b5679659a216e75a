//! The token file: the newest tokens of one login, for all processes that use it.
//!
//! X's refresh tokens are single-use, so whoever loses one has lost the login. The file names the login's *chain* by the
//! hashes of the refresh tokens that began it, and counts refreshes in a *serial*: newer is a higher serial of the same
//! chain. It is read without a lock, since it is replaced as a whole; it is only written under the lock beside it.

mod file;
mod lock;
mod stored_tokens;

pub use self::file::{Found, TokenFile};
pub use self::lock::LockedTokenFile;
pub use self::stored_tokens::{StoredTokens, chain_hash, from_epoch};
