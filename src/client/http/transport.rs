//! Sends one request and brings its answer. Only this folder names reqwest.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::header::{AUTHORIZATION, CONTENT_TYPE};

use super::encoding::urlencoded;
use super::failure::{
    Broken, BrokenRequest, NoResponse, Route, TransportFailure, io_kinds, peer_of, sources, to_error,
};
use super::flood::FloodWatch;
use super::http_client::HttpClient;
use super::multipart::{MediaHash, form};
use super::proxy::ProxyConnection;
use super::queue::{Queue, Reservation};
use super::request_progress::RequestProgress;
use super::sockets::{Ends, Sockets};
use crate::client::config::TransportOptions;
use crate::client::deadline::Deadline;
use crate::client::error::{Error, Kind, Result};
use crate::client::kept_exchange::Secrets;
use crate::client::limits::ByteRateLimiter;
use crate::client::protocol::{Body, Request, Response};

/// Bodies are read this far; X's are a few hundred bytes.
const MAX_BODY_BYTES: usize = 1 << 20;
/// The media type of a form without files.
const FORM: &str = "application/x-www-form-urlencoded";

/// The connections of one or several clients.
pub struct Transport {
    options: Arc<TransportOptions>,
    http: OnceLock<Result<HttpClient>>,
    backend: Option<Box<dyn HttpBackend>>,
    queue: Queue,
    sockets: Sockets,
    watch: Arc<FloodWatch>,
    byte_rate: Option<Arc<ByteRateLimiter>>,
}

/// Gives a request up that has not ended when this goes.
struct GiveUp<'a>(&'a RequestProgress);

impl Drop for GiveUp<'_> {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// What sends requests in place of the network, so that a test can drive the client through every failure.
pub trait HttpBackend: Send + Sync {
    /// Returns the response to a request, or how it failed.
    fn exchange<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, TransportFailure>>;
}

impl Transport {
    /// No connection is made before the first request; neither is TLS set up, which may fail without roots.
    pub fn new(options: Arc<TransportOptions>) -> Self {
        let queue = Queue::new(options.max_connections);
        let byte_rate = options.max_bytes_per_second.map(|rate| Arc::new(ByteRateLimiter::new(rate)));
        Transport {
            options,
            http: OnceLock::new(),
            backend: None,
            queue,
            sockets: Sockets::default(),
            watch: FloodWatch::of_this_process(),
            byte_rate,
        }
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
        Some(http.passwords()).filter(|passwords| !passwords.is_empty())
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
        let progress = Arc::new(RequestProgress::new(self.sockets.clone(), self.watch.clone()));
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
                    progress.answered(None);
                }
                broken.error.into()
            });
        }
        let http = self.http.get_or_init(|| HttpClient::new(&self.options)).as_ref().map_err(Clone::clone)?;
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
        let mut builder = http.request(request.method.clone(), address);
        if let Some(authorization) = authorization {
            builder = builder.header(AUTHORIZATION, authorization);
        }
        builder = match &request.body {
            Body::Empty => builder,
            Body::Form(fields) => builder.header(CONTENT_TYPE, FORM).body(urlencoded(fields)),
            Body::Json(json) => builder.header(CONTENT_TYPE, "application/json").body(json.clone()),
            Body::Multipart(parts) => {
                builder.multipart(form(parts, progress, encrypted, self.byte_rate.as_ref(), hash)?)
            }
        };
        progress.sent();
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
        progress.answered(Ends::among(response.extensions()));
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let (body, truncated) = match read_body(&mut response).await {
            Ok(read) => read,
            // A server that refuses media before it has read all of it often closes the connection at once, and what it says
            // breaks off. That it refused is known. Nothing of the text is kept: half a token that it repeats would not be
            // recognized as a secret.
            Err(_) if !response.status().is_success() && matches!(request.body, Body::Multipart(_)) => {
                (Bytes::new(), false)
            }
            Err(error) => return Err(failed(error, true)),
        };
        progress.done();
        Ok(Response { status, headers, body, truncated, received_at: SystemTime::now() })
    }

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
        if !unauthorized && !refused("unsuccessful") && !refused("proxy response headers too long") {
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

/// The body of an answer, and whether there was more of it than is read.
async fn read_body(response: &mut reqwest::Response) -> reqwest::Result<(Bytes, bool)> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        let room = MAX_BODY_BYTES - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() > room {
            return Ok((body.freeze(), true));
        }
    }
    Ok((body.freeze(), false))
}
