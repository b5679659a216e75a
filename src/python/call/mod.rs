//! One call of a verb, between the worker thread and the program that waits for it.
//!
//! A [`task`] on the worker thread sends events through a [`channel`] and never takes the GIL. An [`operation`] reads
//! them for whoever waits: a thread, an event loop ([`asyncio`], or [`asyncio_fallback`] where a loop cannot watch a descriptor), or a thread that
//! waits for several operations ([`select`]). What the client sees of all that is an [`observer`]; a callback that it
//! has run reaches Python as a [`callback_request`].

pub mod asyncio;
mod asyncio_fallback;
pub mod callback_request;
pub mod channel;
pub mod hooks;
pub mod inputs;
pub mod observer;
pub mod operation;
pub mod select;
pub mod task;
pub mod wait_many;
pub mod watch;
