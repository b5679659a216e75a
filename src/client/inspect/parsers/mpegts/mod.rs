//! MPEG-TS: what its first packets say of the streams, and how long it is by the times of its first and last pictures.
//!
//! There is no index: all else would have to be read from the start to the end.

mod packets;
mod streams;
mod tables;

pub(in crate::client::inspect::parsers) use self::streams::read;
