//! The core as a state machine: every sequence of outcomes up to a depth, by a clock that costs no time.
//!
//! An `HttpBackend` stands in the network's place. At each request it takes the next of a list of outcomes; a run that
//! asked for more of them than were chosen is followed by runs for every other choice. Past the depth all goes well.
//! Nothing of the client is replaced, so that what holds here holds for `exchange`, `retry`, `finalize` and `wait`
//! together.

mod finalize;
mod model;
mod retry;
mod runs;
mod wait;
mod world;
