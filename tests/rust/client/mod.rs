//! What the client decides by itself: signing, refreshing, retrying and limits.

mod adaptive_limiter;
mod budget;
mod idle_connections;
mod limits;
mod oauth1;
mod record;
mod refresh;
mod retry;
mod token_file;
#[cfg(target_os = "linux")]
mod wiped;
