//! The client of the HTTP library as the options want it: its hosts, the proxies to them, and whom it trusts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{ClientBuilder, Method, RequestBuilder, Url};
use url::Origin;

use super::encoding::urlencoded;
use super::failure::chain;
use super::proxy;
use super::request_progress::TrackConnections;
use super::resolver::Resolver;
use crate::client::config::{LOCALHOST, Proxy, TransportOptions, stays_local};
use crate::client::error::{Error, Kind, Result};
use crate::client::kept_exchange::Secrets;
use crate::client::protocol::Request;

/// More headers than this are refused; gateways add some to X's thirty.
const MAX_HEADERS: usize = 256;
/// Idle connections are dropped after this time, well before servers and load balancers do (from 60 s up).
const IDLE_TIMEOUT: Duration = Duration::from_secs(25);

/// The HTTP client, and the hosts it talks to, as text and as addresses: to parse one takes a while.
pub struct HttpClient {
    client: reqwest::Client,
    hosts: Vec<(String, Url)>,
    proxies: Proxies,
    /// What proxies are given, and must not stand in any text.
    passwords: Arc<Secrets>,
}

/// Hosts, and the proxies through which requests to them go.
type Proxies = Vec<(Origin, Url)>;

impl HttpClient {
    /// Reads certificates, and fails where those that are needed cannot be read. No connection is made.
    pub fn new(options: &TransportOptions) -> Result<Self> {
        // A second call finds the provider set and returns it as an error; either way there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let hosts = [&options.hosts.upload, &options.hosts.api].map(|host| Ok((host.clone(), parse(host)?)));
        let hosts: Vec<_> = hosts.into_iter().collect::<Result<_>>()?;
        let proxies = proxies_to(&hosts, options)?;
        let builder = with_proxies(with_options(options), options, &proxies)?;
        let client = with_certificates(builder, options, &hosts)?.build().map_err(|error| {
            refused(
                "TLS could not be set up (are there root certificates on this machine? install the package \
                 ca-certificates, set SSL_CERT_FILE, or pass ca_file=)",
                error,
            )
        })?;
        let passwords = Arc::new(proxies.iter().flat_map(|(_, proxy)| proxy::secrets_of(proxy)).collect());
        Ok(HttpClient { client, hosts, proxies, passwords })
    }

    /// A request, yet without its body.
    pub fn request(&self, method: Method, address: Url) -> RequestBuilder {
        self.client.request(method, address)
    }

    /// The passwords of the proxies.
    pub fn passwords(&self) -> &Arc<Secrets> {
        &self.passwords
    }

    /// The proxy through which requests to this address go.
    pub fn proxy(&self, address: &Url) -> Option<&Url> {
        proxy_to(&self.proxies, address)
    }

    /// The address with its query, encoded as OAuth 1.0a signs it.
    pub fn address(&self, request: &Request) -> Result<Url> {
        let known = self.hosts.iter().find_map(|(text, host)| Some((host, request.url.strip_prefix(text.as_str())?)));
        let mut address = match known {
            Some((host, path)) => {
                let mut address = host.clone();
                let prefix = host.path().trim_end_matches('/');
                if prefix.is_empty() {
                    address.set_path(path)
                } else {
                    address.set_path(&[prefix, path].concat())
                }
                address
            }
            None => parse(&request.url)?,
        };
        if !request.query.is_empty() {
            address.set_query(Some(&urlencoded(&request.query)));
        }
        Ok(address)
    }
}

fn with_options(options: &TransportOptions) -> ClientBuilder {
    let localhost = LOCALHOST.map(|address| SocketAddr::new(address, 0));
    let builder = reqwest::Client::builder()
        .user_agent(&options.user_agent)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        // What gateways are allowed to send, or send all the same.
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_max_headers(MAX_HEADERS)
        // We ask for plain bodies; what is sent zipped all the same is read.
        .default_headers(HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]))
        .referer(false)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(options.max_connections)
        .dns_resolver(Resolver::default())
        .resolve_to_addrs("localhost", &localhost)
        .connector_layer(TrackConnections);
    match options.connect_timeout {
        Some(timeout) => builder.connect_timeout(timeout),
        None => builder,
    }
}

/// The proxies that the options or the environment name for these hosts.
fn proxies_to(hosts: &[(String, Url)], options: &TransportOptions) -> Result<Proxies> {
    let mut proxies = Vec::new();
    for (_, host) in hosts {
        let proxy = match &options.proxy {
            Proxy::Off => None,
            Proxy::Environment if stays_local(&options.hosts) => None,
            Proxy::Environment => proxy::for_host(host, &|name| std::env::var_os(name))?,
            Proxy::Url(url) => Some(parse(url)?),
        };
        proxies.extend(proxy.map(|proxy| (host.origin(), proxy)));
    }
    Ok(proxies)
}

fn with_proxies(builder: ClientBuilder, options: &TransportOptions, proxies: &Proxies) -> Result<ClientBuilder> {
    let builder = builder.no_proxy();
    Ok(match &options.proxy {
        Proxy::Url(url) => builder.proxy(reqwest::Proxy::all(url).map_err(|error| refused("proxy", error))?),
        _ if proxies.is_empty() => builder,
        _ => {
            let proxies = proxies.clone();
            builder.proxy(reqwest::Proxy::custom(move |address: &Url| proxy_to(&proxies, address).cloned()))
        }
    })
}

fn proxy_to<'a>(proxies: &'a Proxies, address: &Url) -> Option<&'a Url> {
    proxies.iter().find(|(origin, _)| *origin == address.origin()).map(|(_, proxy)| proxy)
}

fn with_certificates(
    builder: ClientBuilder,
    options: &TransportOptions,
    hosts: &[(String, Url)],
) -> Result<ClientBuilder> {
    let own = match &options.ca_pem {
        Some(pem) => reqwest::Certificate::from_pem_bundle(pem).map_err(|error| refused("ca_file", error))?,
        None => Vec::new(),
    };
    let unencrypted = hosts.iter().all(|(_, host)| host.scheme() == "http") && stays_local(&options.hosts);
    // Without TLS the platform's certificates are not read: it takes milliseconds and fails where there are none.
    Ok(if unencrypted && !matches!(options.proxy, Proxy::Url(_)) {
        builder.tls_certs_only(own)
    } else {
        builder.tls_certs_merge(own)
    })
}

/// The error for options that the HTTP library refuses, however often it is asked.
fn refused(what: &str, error: reqwest::Error) -> Error {
    let mut refused = Error::new(Kind::Transport { connect: true }, format!("{what}: {}", chain(&error)));
    refused.retryable = false;
    refused
}

fn parse(url: &str) -> Result<Url> {
    Url::parse(url).map_err(|error| Error::invalid_input(format!("{url:?} is not a valid URL: {error}")))
}
