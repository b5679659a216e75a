//! Plain values that all else is made of: errors, what the API reports, options, X's numbers, deadlines, counters, and
//! what a call reports to the program.

pub mod category;
pub mod config;
pub mod deadline;
pub mod error;
pub mod exchange_log;
pub mod kept_exchange;
pub mod model;
pub mod observer;
pub mod pause;
pub mod stats;
pub mod x_limits;
pub mod x_values;
