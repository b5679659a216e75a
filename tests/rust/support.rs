//! What tests of several folders share: what clients are made of.

use xmedia::client::auth::{Credentials, oauth1};
use xmedia::client::config::{CheckMode, Options};
use xmedia::client::model::ApiVersion;

/// Credentials that no server here looks at.
pub fn credentials() -> Credentials {
    Credentials::OAuth1(oauth1::Credentials {
        consumer_key: "key".into(),
        consumer_secret: "secret".into(),
        access_token: "token".into(),
        access_token_secret: "secret".into(),
    })
}

/// Options of a client that neither sends a request again, nor limits it, nor looks at files.
pub fn plain_options(api: ApiVersion) -> Options {
    Options { request_timeout: None, retry: None, check: CheckMode::Off, ..Options::new(api) }
}
