//! Which proxy the environment names for a host. A variable is obeyed or refused: to ignore one that cannot be used would
//! send requests where they must not go.

use std::ffi::OsString;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use url::Host;
use zeroize::Zeroizing;

use crate::client::config::parse_proxy;
use crate::client::error::{Error, Kind, Result};
use crate::client::kept_exchange::Secrets;

/// The proxy for requests to this host, none where they go there directly. `variable` reads the environment.
pub fn for_host(host: &Url, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Option<Url>> {
    let by_scheme = match host.scheme() {
        "https" => ["https_proxy", "HTTPS_PROXY"],
        // A web server makes HTTP_PROXY of the header `Proxy` of whoever asks it (httpoxy), if it runs a program by CGI.
        _ if variable("REQUEST_METHOD").is_some() => ["http_proxy", ""],
        _ => ["http_proxy", "HTTP_PROXY"],
    };
    let names = by_scheme.into_iter().chain(["all_proxy", "ALL_PROXY"]).filter(|name| !name.is_empty());
    let Some((name, value)) = names.filter_map(|name| Some((name, set(variable, name)?))).next() else {
        return Ok(None);
    };
    let exempt = ["no_proxy", "NO_PROXY"].into_iter().find_map(|name| set(variable, name));
    if exempt.is_some_and(|exempt| is_exempt(host, &exempt.to_string_lossy())) {
        return Ok(None);
    }
    let text = value.to_str().map(str::trim).unwrap_or_default();
    // As other programs do, `host:port` is taken as well.
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    parse_proxy(&with_scheme).map(Some).map_err(|why| {
        // The address is not repeated: it may hold a password.
        let message = format!(
            "{name}: {why}; a proxy's address is http://host:port or https://host:port: correct HTTPS_PROXY, HTTP_PROXY \
             or ALL_PROXY, or pass proxy="
        );
        let mut refused = Error::new(Kind::Transport { connect: true }, message);
        refused.retryable = false;
        refused
    })
}

/// What must not be shown of a proxy's address: its password, as it is and as it is sent.
pub fn secrets_of(proxy: &Url) -> Secrets {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let Some(password) = proxy.password().map(decoded) else { return Secrets::new() };
    let pair = Zeroizing::new(format!("{}:{password}", decoded(proxy.username())));
    let sent = BASE64.encode(&*pair).trim_end_matches('=').to_owned();
    vec![Zeroizing::new(password), Zeroizing::new(sent)]
}

/// A variable's value; one that is empty counts as none.
fn set(variable: &dyn Fn(&str) -> Option<OsString>, name: &str) -> Option<OsString> {
    variable(name).filter(|value| !value.is_empty())
}

/// Whether `NO_PROXY` names the host: by its name, a domain above it, its address or a network, each perhaps with a port.
fn is_exempt(host: &Url, list: &str) -> bool {
    list.split([',', ' ', '\t']).any(|entry| !entry.is_empty() && (entry == "*" || matches(host, entry)))
}

fn matches(host: &Url, entry: &str) -> bool {
    if let Some((network, bits)) = entry.split_once('/') {
        return address(host)
            .zip(bare(network).parse().ok())
            .zip(bits.parse().ok())
            .is_some_and(|((address, network), bits): ((IpAddr, IpAddr), u32)| is_in_network(address, network, bits));
    }
    let (name, port) = split_port(entry);
    if let Some(port) = port
        && port.parse::<u16>().ok() != host.port_or_known_default()
    {
        return false;
    }
    if let Ok(wanted) = bare(name).parse::<IpAddr>() {
        return address(host) == Some(wanted);
    }
    let domain = name.trim_start_matches('*').trim_start_matches('.').trim_end_matches('.');
    let (Some(Host::Domain(known)), Ok(Host::Domain(domain))) = (host.host(), Host::parse(domain)) else {
        return false;
    };
    let known = known.trim_end_matches('.');
    known == domain || known.strip_suffix(domain.as_str()).is_some_and(|above| above.ends_with('.'))
}

/// A name or address, and the port after it.
fn split_port(entry: &str) -> (&str, Option<&str>) {
    if let Some((name, rest)) = entry.split_once(']') {
        return (name, rest.strip_prefix(':'));
    }
    match entry.split_once(':') {
        Some((name, port)) if !port.contains(':') => (name, Some(port)),
        // An IPv6 address, which has no brackets where no port follows.
        _ => (entry, None),
    }
}

fn bare(address: &str) -> &str {
    address.trim_start_matches('[').trim_end_matches(']')
}

fn address(host: &Url) -> Option<IpAddr> {
    match host.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

fn is_in_network(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let (address, network, width) = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (u128::from(address.to_bits()), u128::from(network.to_bits()), 32)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => (address.to_bits(), network.to_bits(), 128),
        _ => return false,
    };
    let ignored = u32::checked_sub(width, bits);
    ignored.is_some_and(|ignored| address.checked_shr(ignored) == network.checked_shr(ignored))
}
