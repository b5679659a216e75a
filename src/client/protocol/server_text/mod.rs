//! What others wrote, made fit to be shown: in messages, logs and warnings, and on terminals.
//!
//! A server, or whoever answers in its place, may send any text of any length. Raw, its line ends would forge lines of a
//! log, its escape sequences would command a terminal, and its marks for writing from right to left would hide what is
//! said. So every text of a server goes through [`shown`] before it stands in a sentence of ours; the fields of errors
//! keep it as it was sent.

mod masked;
mod secret_forms;
mod shown;

pub use self::masked::{MASK, masked};
pub use self::secret_forms::{MIN_PASSWORD_LEN, MIN_SECRET_LEN, add_forms};
pub use self::shown::{MAX_SHOWN_CHARS, shown};
