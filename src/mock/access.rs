//! Who may control the server: programs on this machine, or those that have the token; never a page in a browser.
//!
//! A page can send requests to loopback, and read their answers after it has pointed a name of its own there. Such
//! requests have an `Origin`, or a `Host` that is not this server's, or (a plain form's) no `application/json`.

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use http::request::Parts;
use http::{Method, StatusCode};

/// Who is let in.
pub(crate) struct ControlAccess {
    /// The host that the server was asked to listen on.
    pub(crate) host: String,
    /// What others than this machine's programs must know; none on loopback.
    pub(crate) token: Option<String>,
}

impl ControlAccess {
    /// Why this request is refused, if it is.
    pub(crate) fn refusal(&self, parts: &Parts) -> Option<(StatusCode, &'static str)> {
        if parts.headers.contains_key(ORIGIN) {
            return Some((StatusCode::FORBIDDEN, "a web page must not control this server: Origin is refused"));
        }
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if !self.is_ours(name_of(host)) {
            return Some((StatusCode::FORBIDDEN, "Host must name this server's address"));
        }
        let is_table = parts.method == Method::GET && parts.uri.path() == "/__media";
        if let Some(token) = self.token.as_ref().filter(|_| !is_table) {
            let given = parts.headers.get(AUTHORIZATION).map(http::HeaderValue::as_bytes).unwrap_or_default();
            let wanted = format!("Bearer {token}");
            // The lengths are no secret; the rest is compared in constant time.
            let differences = given.iter().zip(wanted.as_bytes()).fold(0, |all, (one, other)| all | (one ^ other));
            if given.len() != wanted.len() || differences != 0 {
                return Some((StatusCode::UNAUTHORIZED, "Authorization must be Bearer and the server's control token"));
            }
        }
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if parts.method == Method::POST && !kind.eq_ignore_ascii_case("application/json") {
            return Some((StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/json"));
        }
        None
    }

    fn is_ours(&self, name: &str) -> bool {
        let address: Option<std::net::IpAddr> = name.parse().ok();
        name.eq_ignore_ascii_case("localhost")
            || name.eq_ignore_ascii_case(&self.host)
            || address.is_some_and(|address| address.is_loopback() || self.token.is_some())
    }
}

/// The name in a `Host`, without its port and brackets.
fn name_of(host: &str) -> &str {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}
