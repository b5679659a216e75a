//! What the client decides by itself: signing, refreshing, retrying and limits.

mod adaptive_limiter;
mod budget;
mod limits;
mod oauth1;
mod record;
mod refresh;
mod retry;
mod token_file;
#[cfg(target_os = "linux")]
mod wiped;
