//! What holds for every input of a parser or encoder. The fuzz targets hold the same files against inputs of their own.

pub mod checkpoint;
pub mod decode;
pub mod inspect;
pub mod multipart;
pub mod oauth1;
pub mod refusal;
