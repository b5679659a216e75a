//! What a file is, and whether X takes it.

mod bounds;
mod documented;
mod facts;
mod fix;
mod mutated;
mod rules;
mod samples;
