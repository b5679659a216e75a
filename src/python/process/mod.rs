//! What a process has once: the tokio runtime, what is made anew in a forked child, and what may be done at exit.

pub mod blocked_loop;
pub mod buffers;
pub mod runtime;
pub mod shutdown;
pub mod unwind;
pub mod wakeup;
