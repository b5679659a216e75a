//! The mock server by itself, over plain HTTP.

mod any_order;
mod http;
mod lifecycle;
mod load;
