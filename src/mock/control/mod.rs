//! The routes under `/__`, by which programs in other languages control the server. They answer nobody's web page.

pub(crate) mod commands;
pub(crate) mod items;
