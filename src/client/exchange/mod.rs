//! A command until its outcome is known: one attempt, what is repaired after it, and when there is another one.

mod attempt;
pub mod call;
mod client_inner;
mod finalize;
mod repair;
mod report;
mod retry_loop;
mod slot;
mod token_refresh;
mod unsaved_tokens;

pub use self::client_inner::ClientInner;
pub(super) use self::retry_loop::refuse_expired;
pub use self::unsaved_tokens::save_at_exit;
