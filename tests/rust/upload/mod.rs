//! From a source to segments: its type, the plan, the checkpoint.

mod checkpoint;
mod media_type;
mod plan;
