//! Sends one request and brings its answer. The only file that names reqwest.

use std::cell::Cell;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt};
use reqwest::Url;
use reqwest::multipart::{Form, Part as FormPart};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::auth::oauth1::percent_encode;
use super::config::{LOCALHOST, Proxy, TransportOptions, stays_local};
use super::error::{Error, Kind, Result};
use super::protocol::{Body, Part, Payload, Request, Response};

/// Bodies are read this far; X's are a few hundred bytes.
const BODY_LIMIT: usize = 1 << 20;
/// Bytes in memory are handed over in pieces of this size, so that progress is seen.
const PIECE: usize = 256 << 10;
/// Idle connections are dropped after this time, well before servers and load balancers do (from 60 s up).
const IDLE: Duration = Duration::from_secs(25);

tokio::task_local! {
    /// Whether the request that is being sent is past the danger of an idle connection: one was made for it, or its
    /// answer has begun.
    static SAFE: Cell<bool>;
}

/// The connections of one or several clients.
pub struct Transport {
    options: Arc<TransportOptions>,
    http: OnceLock<Result<Http>>,
    wire: Option<Box<dyn Wire>>,
    places: Semaphore,
}

/// The HTTP client, and the hosts it talks to, as text and as addresses: to parse one takes a while.
struct Http {
    client: reqwest::Client,
    hosts: Vec<(String, Url)>,
}

/// Something in the network's place: how a test drives the client through every way in which requests can go.
pub trait Wire: Send + Sync {
    /// Brings the answer to a request, or tells how it broke.
    fn exchange<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Broken>>;
}

/// How a request ended without an answer.
#[derive(Debug)]
pub struct Broken {
    /// The failure.
    pub error: Error,
    /// It was sent on a connection that had been used before, which the server may just have closed, since no answer
    /// had begun.
    pub reused: bool,
}

impl Transport {
    /// No connection is made before the first request; neither is TLS set up, which may fail without roots.
    pub fn new(options: Arc<TransportOptions>) -> Self {
        let places = Semaphore::new(options.max_connections.min(Semaphore::MAX_PERMITS));
        Transport { options, http: OnceLock::new(), wire: None, places }
    }

    /// A transport that makes no connections but asks `wire`.
    pub fn over(options: Arc<TransportOptions>, wire: Box<dyn Wire>) -> Self {
        Transport { wire: Some(wire), ..Transport::new(options) }
    }

    /// The options it was made with.
    pub fn options(&self) -> &TransportOptions {
        &self.options
    }

    /// Waits, in order of arrival, until one more request may be in flight.
    pub async fn place(&self) -> Result<SemaphorePermit<'_>> {
        self.places.acquire().await.map_err(|_| Error::closed())
    }

    /// Sends a request and reads its answer. The attempt's time is counted from now, for a body of media bytes from the
    /// last of them that was taken.
    pub async fn send(
        &self,
        request: &Request,
        authorization: Option<&str>,
        timeout: Option<Duration>,
    ) -> Result<Response, Broken> {
        let progress = Arc::new(Progress::default());
        SAFE.scope(Cell::new(false), async {
            let mut attempt = std::pin::pin!(self.attempt(request, authorization, &progress));
            let outcome = match timeout {
                Some(timeout) => progress.limit(attempt.as_mut(), timeout).await.unwrap_or_else(|| {
                    let message = format!("no answer within request_timeout ({} s)", timeout.as_secs_f64());
                    Err(Error::new(Kind::RequestTimeout { connect: false }, message))
                }),
                None => attempt.await,
            };
            outcome.map_err(|error| Broken { error, reused: !SAFE.with(Cell::get) })
        })
        .await
    }

    async fn attempt(
        &self,
        request: &Request,
        authorization: Option<&str>,
        progress: &Arc<Progress>,
    ) -> Result<Response> {
        if let Some(wire) = &self.wire {
            return wire.exchange(request).await.map_err(|broken| {
                SAFE.with(|safe| safe.set(!broken.reused));
                broken.error
            });
        }
        let http = self.http.get_or_init(|| build(&self.options)).as_ref().map_err(Clone::clone)?;
        let mut builder = http.client.request(request.method.clone(), http.address(request)?);
        if let Some(authorization) = authorization {
            builder = builder.header(http::header::AUTHORIZATION, authorization);
        }
        builder = match &request.body {
            Body::Empty => builder,
            Body::Form(fields) => {
                builder.header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(urlencoded(fields))
            }
            Body::Json(json) => builder.header(http::header::CONTENT_TYPE, "application/json").body(json.clone()),
            Body::Multipart(parts) => builder.multipart(form(parts, progress)?),
        };
        let mut response = builder.send().await.map_err(describe)?;
        SAFE.with(|safe| safe.set(true));
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = BytesMut::new();
        let mut truncated = false;
        while let Some(chunk) = response.chunk().await.map_err(describe)? {
            let room = BODY_LIMIT - body.len();
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            truncated = chunk.len() > room;
            if truncated {
                break;
            }
        }
        Ok(Response { status, headers, body: body.freeze(), truncated, received_at: SystemTime::now() })
    }
}

impl Http {
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

fn parse(url: &str) -> Result<Url> {
    Url::parse(url).map_err(|error| Error::invalid_input(format!("{url:?} is no address: {error}")))
}

fn build(options: &TransportOptions) -> Result<Http> {
    let refused = |what: &str, error: reqwest::Error| {
        let message = format!("{what}: {}", chain(&error));
        Error::new(Kind::Transport { connect: true }, message)
    };
    // A second call finds the provider set and is told so; either way there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let localhost = LOCALHOST.map(|address| SocketAddr::new(address, 0));
    let mut builder = reqwest::Client::builder()
        .user_agent(&options.user_agent)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        .referer(false)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(options.max_connections)
        .resolve_to_addrs("localhost", &localhost)
        .connector_layer(MarkConnected);
    if let Some(timeout) = options.connect_timeout {
        builder = builder.connect_timeout(timeout);
    }
    let local = stays_local(&options.hosts);
    builder = match &options.proxy {
        Proxy::Environment if !local => builder,
        Proxy::Environment | Proxy::Off => builder.no_proxy(),
        Proxy::Url(url) => builder.no_proxy().proxy(reqwest::Proxy::all(url).map_err(|error| refused("proxy", error))?),
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
    let hosts = [&options.hosts.upload, &options.hosts.api];
    let hosts = hosts.into_iter().map(|host| Ok((host.clone(), parse(host)?))).collect::<Result<_>>()?;
    Ok(Http { client, hosts })
}

/// Parameters as a form or a query, in the encoding that OAuth 1.0a signs.
fn urlencoded(fields: &[(&'static str, String)]) -> String {
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

fn form(parts: &[(&'static str, Part)], progress: &Arc<Progress>) -> Result<Form> {
    parts.iter().try_fold(Form::new(), |form, (name, part)| {
        Ok(match part {
            Part::Text(text) => form.text(*name, text.clone()),
            Part::File { payload, media_type } => {
                let body = reqwest::Body::wrap_stream(pieces(payload, progress.clone()));
                let media_type = media_type.as_deref().unwrap_or("application/octet-stream");
                let part = FormPart::stream_with_length(body, payload.len())
                    .file_name("media")
                    .mime_str(media_type)
                    .map_err(|_| Error::invalid_input(format!("media_type: {media_type:?} is no MIME type")))?;
                form.part(*name, part)
            }
        })
    })
}

/// The payload's bytes, noting when each piece was asked for: then the one before is on its way.
fn pieces(payload: &Payload, progress: Arc<Progress>) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    let stream = match payload {
        Payload::Segment(segment) => segment.open(),
        Payload::Bytes(bytes) => {
            let mut rest = bytes.clone();
            let next = move || {
                let piece = rest.split_to(rest.len().min(PIECE));
                (!piece.is_empty()).then_some(Ok(piece))
            };
            futures_util::stream::iter(std::iter::from_fn(next)).boxed()
        }
    };
    stream.inspect(move |_| progress.note())
}

/// When a body's bytes were last taken.
struct Progress {
    started: Instant,
    taken_after_ms: AtomicU64,
}

impl Default for Progress {
    fn default() -> Self {
        Progress { started: Instant::now(), taken_after_ms: AtomicU64::new(0) }
    }
}

impl Progress {
    fn note(&self) {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.taken_after_ms.store(elapsed, Ordering::Relaxed);
    }

    /// What the future brings, or nothing if bytes stopped flowing for so long.
    async fn limit<T>(&self, mut future: Pin<&mut impl Future<Output = T>>, timeout: Duration) -> Option<T> {
        loop {
            let taken = Duration::from_millis(self.taken_after_ms.load(Ordering::Relaxed));
            let at = self.started.checked_add(taken).and_then(|at| at.checked_add(timeout));
            let Some(at) = at else { return Some(future.await) };
            if let Ok(outcome) = tokio::time::timeout_at(at, &mut future).await {
                return Some(outcome);
            }
            if Duration::from_millis(self.taken_after_ms.load(Ordering::Relaxed)) <= taken {
                return None;
            }
        }
    }
}

/// Our error for reqwest's, without its address (which the message has in our words).
fn describe(error: reqwest::Error) -> Error {
    let connect = error.is_connect();
    let error = error.without_url();
    let text = chain(&error);
    if error.is_timeout() {
        let what = if connect { "no connection within connect_timeout" } else { "timed out" };
        return Error::new(Kind::RequestTimeout { connect }, format!("{what}: {text}"));
    }
    let hint = if text.contains("UnknownIssuer") {
        "; the server's certificate is not signed by a known authority: pass ca_file= or set SSL_CERT_FILE if it is yours"
    } else if text.contains("certificate") {
        "; check the server's certificate, the host name and this machine's clock"
    } else {
        ""
    };
    Error::new(Kind::Transport { connect }, format!("{text}{hint}"))
}

/// An error and all that caused it, each once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    text
}

/// Marks, in the task that sends a request, that a connection was made for it. A connection that is finished by another
/// task is marked nowhere: it is then a reused one for whoever gets it.
#[derive(Clone)]
struct MarkConnected;

impl<S> tower_layer::Layer<S> for MarkConnected {
    type Service = Marking<S>;

    fn layer(&self, inner: S) -> Marking<S> {
        Marking(inner)
    }
}

/// The connector that marks.
#[derive(Clone)]
struct Marking<S>(S);

impl<S, R> tower_service::Service<R> for Marking<S>
where
    S: tower_service::Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<std::result::Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let connecting = self.0.call(request);
        Box::pin(async move {
            let outcome = connecting.await;
            // Outside a request (a connection made ahead by the pool) there is nothing to mark.
            let _ = SAFE.try_with(|safe| safe.set(true));
            outcome
        })
    }
}
