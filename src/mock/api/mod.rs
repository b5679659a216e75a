//! How a request is understood and answered in each version of the API: its parameters, its command, the JSON of the
//! response.

pub(crate) mod media_metadata;
pub(crate) mod multipart;
pub(crate) mod parameters;
pub(crate) mod rejection_responses;
pub(crate) mod request;
pub(crate) mod responses;
pub(crate) mod token;
pub(crate) mod v1_1;
pub(crate) mod v2;
