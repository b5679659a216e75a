//! What holds for every input of a parser or encoder. The fuzz targets hold the same files against inputs of their own.

pub mod api_error;
pub mod checkpoint;
mod checkpoint_any;
mod corpus;
pub mod decode;
mod decode_any;
pub mod inspect;
pub mod multipart;
pub mod oauth1;
mod oauth1_any;
