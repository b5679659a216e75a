//! From a source to segments: its type, the plan, the checkpoint.

mod check_phase;
mod checkpoint;
mod media_type;
mod plan;
