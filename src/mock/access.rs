//! Who may control the server: programs on this machine, or those that have the token; never a page in a browser.
//!
//! A page can send requests to loopback, and read their answers after it has pointed a name of its own there. Such
//! requests have an `Origin`, or a `Host` that is not this server's, or (a plain form's) no `application/json`. What a
//! page embeds has none of these, but a `Sec-Fetch-Site` that names another site.

use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const SEC_FETCH_SITE: &str = "sec-fetch-site";

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
        let site = parts.headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
        if site.is_some_and(|site| site != b"none" && site != b"same-origin") {
            return Some((StatusCode::FORBIDDEN, "a web page must not embed this: its address may only be opened"));
        }
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if !self.is_ours(name_of(host)) {
            return Some((StatusCode::FORBIDDEN, "Host must name this server's address"));
        }
        let is_table = parts.method == Method::GET && parts.uri.path() == "/__media";
        if let Some(token) = self.token.as_ref().filter(|_| !is_table) {
            let given = parts.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
            let wanted = format!("Bearer {token}");
            // The lengths are not secret; the rest is compared in constant time.
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

/// Asks browsers to keep the response from other pages, neither to guess that it is a script nor to store it.
pub(crate) fn private<B>(mut response: Response<B>) -> Response<B> {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The name in a `Host`, without its port and brackets.
fn name_of(host: &str) -> &str {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}
