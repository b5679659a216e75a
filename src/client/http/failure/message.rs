//! An error of the HTTP library in our words: what was tried with whom, for how long, and what helps.

use std::time::Duration;

use reqwest::Url;

use super::chain::{chain, is_bad_certificate, sources};
use crate::client::error::{Error, Kind};
use crate::client::http::proxy::peer;
use crate::client::protocol::shown;

/// Where a request goes, and through which proxy.
pub struct Route<'a> {
    /// Its address.
    pub url: &'a str,
    /// Whether it goes through TLS.
    pub encrypted: bool,
    /// The proxy, if there is one.
    pub proxy: Option<&'a Url>,
}

impl Route<'_> {
    /// The proxy, if the connection to it failed and not that through it.
    fn failed_proxy(&self, error: &reqwest::Error) -> Option<&Url> {
        let at_proxy = || {
            // Without TLS there is no other connection than that to the proxy.
            !self.encrypted || sources(error).any(|source| source.to_string().starts_with("tunnel error: "))
        };
        self.proxy.filter(|_| error.is_connect() && at_proxy())
    }

    /// Whom a connection is made to, for a message.
    fn peer(&self) -> String {
        match self.proxy {
            Some(proxy) => format!("{} through the proxy {}", peer_of(self.url), peer(proxy)),
            None => peer_of(self.url),
        }
    }
}

/// Host and port of an address, for a message.
pub fn peer_of(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| peer(&url))
}

/// Our error for reqwest's: what was tried with whom, and for how long.
pub fn to_error(
    error: reqwest::Error,
    route: &Route<'_>,
    elapsed: Duration,
    connect_timeout: Option<Duration>,
) -> Error {
    let connect = error.is_connect();
    let failed_proxy = route.failed_proxy(&error).map(|proxy| format!("the proxy {}", peer(proxy)));
    let peer = failed_proxy.unwrap_or_else(|| route.peer());
    let error = error.without_url();
    // There may be words of the server in it: a certificate's names, for instance.
    let text = shown(&chain(&error));
    let seconds = elapsed.as_secs_f64();
    if error.is_timeout() {
        let limit = connect_timeout.unwrap_or_default().as_secs_f64();
        let message = match connect {
            true => format!("no connection to {peer} within connect_timeout ({limit} s)"),
            false => format!("{peer} timed out after {seconds:.1} s: {text}"),
        };
        return Error::new(Kind::RequestTimeout { connect }, message);
    }
    let certificate = sources(&error).any(is_bad_certificate);
    let hint = if text.contains("UnknownIssuer") {
        "; the server's certificate is not signed by a known authority: pass ca_file= or set SSL_CERT_FILE if it is yours"
    } else if text.contains("certificate") {
        "; check the server's certificate, the host name and this machine's clock"
    } else {
        ""
    };
    let what = if connect { "no connection to" } else { "lost the connection to" };
    let message = format!("{what} {peer}, after {seconds:.1} s: {text}{hint}");
    let mut converted = Error::new(Kind::Transport { connect }, message);
    converted.retryable = !certificate;
    converted
}
