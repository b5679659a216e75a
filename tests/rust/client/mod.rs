//! What the client decides by itself: signing, refreshing, retrying and limits.

mod budget;
mod gate;
mod limits;
mod oauth1;
mod record;
mod refresh;
mod retry;
mod token_file;
#[cfg(target_os = "linux")]
mod wiped;
