//! Sends one request and brings its answer. Only this folder names reqwest.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::BytesMut;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{ClientBuilder, Url};
use url::Origin;

use super::broken::{Broken, BrokenRequest};
use super::encoding::percent_encode;
use super::multipart::{MediaHash, form};
use super::proxy_from_env;
use super::proxy_refusal::{ProxyConnection, peer};
use super::queue::{Queue, Reservation};
use super::request_progress::{RequestProgress, TrackConnections};
use super::resolver::Resolver;
use super::sockets::Sockets;
use crate::client::config::{LOCALHOST, Proxy, TransportOptions, stays_local};
use crate::client::deadline::Deadline;
use crate::client::error::{Error, Kind, Result};
use crate::client::kept_exchange::Secrets;
use crate::client::limits::ByteRateLimiter;
use crate::client::protocol::{Body, Request, Response};

/// Bodies are read this far; X's are a few hundred bytes.
const MAX_BODY_BYTES: usize = 1 << 20;
/// More headers than this are refused; gateways add some to X's thirty.
const MAX_HEADERS: usize = 256;
/// Idle connections are dropped after this time, well before servers and load balancers do (from 60 s up).
const IDLE_TIMEOUT: Duration = Duration::from_secs(25);

/// The connections of one or several clients.
pub struct Transport {
    options: Arc<TransportOptions>,
    http: OnceLock<Result<Http>>,
    backend: Option<Box<dyn HttpBackend>>,
    queue: Queue,
    sockets: Sockets,
    byte_rate: Option<Arc<ByteRateLimiter>>,
}

/// Gives a request up that has not ended when this goes.
struct GiveUp<'a>(&'a RequestProgress);

impl Drop for GiveUp<'_> {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// The HTTP client, and the hosts it talks to, as text and as addresses: to parse one takes a while.
struct Http {
    client: reqwest::Client,
    hosts: Vec<(String, Url)>,
    proxies: Proxies,
    /// What proxies are given, and must not stand in any text.
    passwords: Arc<Secrets>,
}

/// What sends requests in place of the network, so that a test can drive the client through every failure.
pub trait HttpBackend: Send + Sync {
    /// Returns the response to a request, or how it failed.
    fn exchange<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportFailure>>;
}

/// How a request ended without an answer.
#[derive(Debug)]
pub struct TransportFailure {
    /// The failure.
    pub error: Error,
    /// It was sent on a connection that had been used before, which the server may just have closed, since no answer
    /// had begun.
    pub reused: bool,
}

/// Why a request has no answer.
pub(in crate::client) enum NoResponse {
    /// It broke.
    TransportFailure(TransportFailure, Broken),
    /// The deadline came first.
    OutOfTime {
        /// There was no connection yet, so that the server saw nothing.
        connect: bool,
    },
}

impl Transport {
    /// No connection is made before the first request; neither is TLS set up, which may fail without roots.
    pub fn new(options: Arc<TransportOptions>) -> Self {
        let queue = Queue::new(options.max_connections);
        let byte_rate = options.max_bytes_per_second.map(|rate| Arc::new(ByteRateLimiter::new(rate)));
        Transport { options, http: OnceLock::new(), backend: None, queue, sockets: Sockets::default(), byte_rate }
    }

    /// A transport that makes no connections but asks `backend`.
    pub fn over(options: Arc<TransportOptions>, backend: Box<dyn HttpBackend>) -> Self {
        Transport { backend: Some(backend), ..Transport::new(options) }
    }

    /// The options it was made with.
    pub fn options(&self) -> &Arc<TransportOptions> {
        &self.options
    }

    /// The passwords of its proxies, if there are any.
    pub(in crate::client) fn proxy_passwords(&self) -> Option<&Arc<Secrets>> {
        let http = self.http.get()?.as_ref().ok()?;
        Some(&http.passwords).filter(|passwords| !passwords.is_empty())
    }

    /// The ceiling for the bytes of media that are sent, if there is one.
    pub fn byte_rate(&self) -> Option<&ByteRateLimiter> {
        self.byte_rate.as_deref()
    }

    /// Joins the queue for one more request now, on any thread, so that calls are served in the order in which they were
    /// made and not in that in which the worker thread looks at them first.
    pub fn reserve(&self) -> Reservation {
        self.queue.join()
    }

    /// Sends a request and reads its answer. The attempt's time is counted from now, for a body of media bytes from the
    /// last of them that was taken.
    pub(in crate::client) async fn send(
        &self,
        request: &Request,
        authorization: Option<&str>,
        timeout: Option<Duration>,
        deadline: Deadline,
        hash: Option<&Arc<MediaHash>>,
    ) -> Result<Response, NoResponse> {
        let progress = Arc::new(RequestProgress::new(self.sockets.clone()));
        let _given_up = GiveUp(&progress);
        let sending = progress.scope(async {
            let mut sending = std::pin::pin!(self.attempt(request, authorization, &progress, hash));
            match timeout {
                Some(timeout) => progress.limit(sending.as_mut(), timeout).await.unwrap_or_else(|| {
                    let connect = progress.connecting();
                    let what = if connect { "connection" } else { "answer" };
                    let (from_or_to, peer) = (if connect { "to" } else { "from" }, peer_of(&request.url));
                    let limit = timeout.as_secs_f64();
                    let message = format!("no {what} within request_timeout ({limit} s) {from_or_to} {peer}");
                    Err(Error::new(Kind::RequestTimeout { connect }, message).into())
                }),
                None => sending.await,
            }
        });
        match deadline.limit(sending).await {
            Some(Ok(response)) => Ok(response),
            Some(Err(BrokenRequest { error, how })) => {
                Err(NoResponse::TransportFailure(TransportFailure { error, reused: progress.reused() }, how))
            }
            None => Err(NoResponse::OutOfTime { connect: progress.connecting() }),
        }
    }

    async fn attempt(
        &self,
        request: &Request,
        authorization: Option<&str>,
        progress: &Arc<RequestProgress>,
        hash: Option<&Arc<MediaHash>>,
    ) -> Result<Response, BrokenRequest> {
        if let Some(backend) = &self.backend {
            return backend.exchange(request).await.map_err(|broken| {
                if !broken.reused {
                    progress.answered();
                }
                broken.error.into()
            });
        }
        let http = self.http.get_or_init(|| build(&self.options)).as_ref().map_err(Clone::clone)?;
        let address = http.address(request)?;
        let encrypted = address.scheme() == "https";
        let proxy = http.proxy(&address);
        if let Some(proxy) = proxy.filter(|proxy| encrypted && proxy.scheme() == "http") {
            progress.asks_proxy(proxy.port_or_known_default().unwrap_or_default());
        }
        let route = Route { url: &request.url, encrypted, proxy };
        let failed = |error: reqwest::Error, answer_begun: bool| {
            let causes: Vec<_> = io_kinds(&error).collect();
            let error = to_error(error, &route, progress.elapsed(), self.options.connect_timeout);
            BrokenRequest { how: Broken::of(&error, answer_begun, causes.into_iter()), error }
        };
        let mut builder = http.client.request(request.method.clone(), address);
        if let Some(authorization) = authorization {
            builder = builder.header(http::header::AUTHORIZATION, authorization);
        }
        builder = match &request.body {
            Body::Empty => builder,
            Body::Form(fields) => {
                builder.header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(urlencoded(fields))
            }
            Body::Json(json) => builder.header(http::header::CONTENT_TYPE, "application/json").body(json.clone()),
            Body::Multipart(parts) => {
                builder.multipart(form(parts, progress, encrypted, self.byte_rate.as_ref(), hash)?)
            }
        };
        let mut response = match builder.send().await {
            Ok(response) => response,
            Err(error) => {
                let refused = self.refused_by_proxy(&route, progress, &error).await;
                let mut broken = refused.map_or_else(|| failed(error, false), BrokenRequest::from);
                if progress.flooded() {
                    broken.error.message = "the server sends endless bytes that are not an HTTP response".to_owned();
                }
                return Err(broken);
            }
        };
        progress.answered();
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = BytesMut::new();
        let mut truncated = false;
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(error, true))? {
            let room = MAX_BODY_BYTES - body.len();
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            truncated = chunk.len() > room;
            if truncated {
                break;
            }
        }
        progress.done();
        Ok(Response { status, headers, body: body.freeze(), truncated, received_at: SystemTime::now() })
    }
}

impl Transport {
    /// What a proxy said when it refused the connection, if it was that.
    async fn refused_by_proxy(
        &self,
        route: &Route<'_>,
        progress: &RequestProgress,
        error: &reqwest::Error,
    ) -> Option<Error> {
        let connection =
            ProxyConnection { proxy: route.proxy.filter(|_| error.is_connect())?, target: peer_of(route.url) };
        let refused = |what: &str| sources(error).any(|source| source.to_string() == format!("tunnel error: {what}"));
        let unauthorized = refused("proxy authorization required");
        if !unauthorized && !refused("unsuccessful") {
            return None;
        }
        if let Some(refused) = progress.refusal().and_then(|answer| connection.refused(&answer)) {
            return Some(refused);
        }
        if unauthorized {
            return connection.refused(b"HTTP/1.1 407 Proxy Authentication Required");
        }
        match self.options.connect_timeout {
            Some(timeout) => tokio::time::timeout(timeout, connection.asked_again()).await.ok().flatten(),
            None => connection.asked_again().await,
        }
    }
}

/// Where a request goes, and through which proxy.
struct Route<'a> {
    url: &'a str,
    encrypted: bool,
    proxy: Option<&'a Url>,
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

impl Http {
    /// The proxy through which requests to this address go.
    fn proxy(&self, address: &Url) -> Option<&Url> {
        self.proxies.iter().find(|(to, _)| *to == address.origin()).map(|(_, proxy)| proxy)
    }

    /// The address with its query, encoded as OAuth 1.0a signs it.
    fn address(&self, request: &Request) -> Result<Url> {
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

/// Host and port of an address, for a message.
fn peer_of(url: &str) -> String {
    parse(url).map_or_else(|_| url.to_owned(), |url| peer(&url))
}

fn parse(url: &str) -> Result<Url> {
    Url::parse(url).map_err(|error| Error::invalid_input(format!("{url:?} is not a valid URL: {error}")))
}

fn build(options: &TransportOptions) -> Result<Http> {
    let refused = |what: &str, error: reqwest::Error| {
        let mut refused = Error::new(Kind::Transport { connect: true }, format!("{what}: {}", chain(&error)));
        refused.retryable = false;
        refused
    };
    // A second call finds the provider set and returns it as an error; either way there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let localhost = LOCALHOST.map(|address| SocketAddr::new(address, 0));
    let mut builder = reqwest::Client::builder()
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
    if let Some(timeout) = options.connect_timeout {
        builder = builder.connect_timeout(timeout);
    }
    let local = stays_local(&options.hosts);
    let hosts = [&options.hosts.upload, &options.hosts.api];
    let hosts: Vec<_> = hosts.into_iter().map(|host| Ok((host.clone(), parse(host)?))).collect::<Result<_>>()?;
    let mut proxies = Vec::new();
    builder = match &options.proxy {
        Proxy::Environment if !local => {
            proxies = of_environment(&hosts)?;
            with_proxies(builder.no_proxy(), proxies.clone())
        }
        Proxy::Environment | Proxy::Off => builder.no_proxy(),
        Proxy::Url(url) => {
            let proxy = parse(url)?;
            proxies.extend(hosts.iter().map(|(_, host)| (host.origin(), proxy.clone())));
            builder.no_proxy().proxy(reqwest::Proxy::all(url).map_err(|error| refused("proxy", error))?)
        }
    };
    let own = match &options.ca_pem {
        Some(pem) => reqwest::Certificate::from_pem_bundle(pem).map_err(|error| refused("ca_file", error))?,
        None => Vec::new(),
    };
    let plain = [&options.hosts.upload, &options.hosts.api].iter().all(|host| host.starts_with("http://"));
    // Without TLS the platform's certificates are not read: it takes milliseconds and fails where there are none.
    builder = if plain && matches!(options.proxy, Proxy::Off | Proxy::Environment) && local {
        builder.tls_certs_only(own)
    } else {
        builder.tls_certs_merge(own)
    };
    let client = builder.build().map_err(|error| {
        refused(
            "TLS could not be set up (are there root certificates on this machine? install the package \
             ca-certificates, set SSL_CERT_FILE, or pass ca_file=)",
            error,
        )
    })?;
    let passwords = Arc::new(proxies.iter().flat_map(|(_, proxy)| proxy_from_env::secrets_of(proxy)).collect());
    Ok(Http { client, hosts, proxies, passwords })
}

/// Hosts, and the proxies through which requests to them go.
type Proxies = Vec<(Origin, Url)>;

/// The proxies that the environment names for these hosts.
fn of_environment(hosts: &[(String, Url)]) -> Result<Proxies> {
    let mut proxies = Vec::new();
    for (_, host) in hosts {
        if let Some(proxy) = proxy_from_env::for_host(host, &|name| std::env::var_os(name))? {
            proxies.push((host.origin(), proxy));
        }
    }
    Ok(proxies)
}

/// Has requests go through these proxies.
fn with_proxies(builder: ClientBuilder, proxies: Proxies) -> ClientBuilder {
    let chosen =
        move |to: &Url| proxies.iter().find(|(origin, _)| *origin == to.origin()).map(|(_, proxy)| proxy.clone());
    builder.proxy(reqwest::Proxy::custom(chosen))
}

/// Parameters as a form or a query, in the encoding that OAuth 1.0a signs.
pub(in crate::client) fn urlencoded(fields: &[(&'static str, String)]) -> String {
    let mut text = String::with_capacity(fields.iter().map(|(name, value)| name.len() + value.len() + 2).sum());
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.extend(percent_encode(value));
    }
    text
}

/// Our error for reqwest's: what was tried with whom, and for how long.
fn to_error(error: reqwest::Error, route: &Route<'_>, elapsed: Duration, connect_timeout: Option<Duration>) -> Error {
    let connect = error.is_connect();
    let failed_proxy = route.failed_proxy(&error).map(|proxy| format!("the proxy {}", peer(proxy)));
    let peer = failed_proxy.unwrap_or_else(|| route.peer());
    let error = error.without_url();
    let text = chain(&error);
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

/// The kinds of the system's errors among all that caused it.
fn io_kinds(error: &(dyn std::error::Error + 'static)) -> impl Iterator<Item = std::io::ErrorKind> {
    sources(error).filter_map(|source| source.downcast_ref::<std::io::Error>()).map(std::io::Error::kind)
}

/// Whether this error is that of a certificate that is not trusted, and will not be the next time either.
fn is_bad_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
}

/// An error and all that caused it, each once.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    // These say only that something failed, which the sentence around it does.
    const EMPTY: [&str; 5] = [
        "tunnel error: failed to create underlying connection",
        "error sending request",
        "client error (Connect)",
        "client error (SendRequest)",
        "request or response body error",
    ];
    let mut text = String::new();
    for inner in sources(error).map(ToString::to_string).filter(|inner| !EMPTY.contains(&inner.as_str())) {
        if text.is_empty() {
            text = inner;
        } else if !text.contains(&inner) {
            text.push_str(": ");
            text.push_str(&inner);
        }
    }
    text
}

/// An error and all that caused it.
fn sources<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| match error.downcast_ref::<std::io::Error>() {
        // Its own source is that of the error which it holds.
        Some(error) => error.get_ref().map(|held| held as _),
        None => error.source(),
    })
}
