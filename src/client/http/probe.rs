//! One request of `xmedia doctor`: whether a host can be reached as this client reaches it, by its proxy and with its TLS.

use std::sync::Arc;
use std::time::Duration;

use super::{NoResponse, Transport};
use crate::client::config::{Hosts, TransportOptions};
use crate::client::deadline::Deadline;
use crate::client::error::{Error, Kind, Result};
use crate::client::protocol::{Authentication, Body, Request};

/// What came back.
pub struct Probed {
    /// The HTTP status.
    pub status: u16,
    /// The server's clock, as it wrote it.
    pub date: Option<String>,
    /// The body, as far as it is text.
    pub body: String,
}

/// Sends one GET, with an `Authorization` header if one is given, and never again.
pub async fn probe(url: String, authorization: Option<String>, proxied: bool, timeout: Duration) -> Result<Probed> {
    let mut options = TransportOptions { connect_timeout: Some(timeout), ..TransportOptions::default() };
    if !proxied {
        options.proxy = crate::client::config::Proxy::Off;
    }
    options.hosts = Hosts::at(&url);
    let request = Request {
        method: http::Method::GET,
        url,
        query: Vec::new(),
        body: Body::Empty,
        authentication: Authentication::None,
    };
    let transport = Transport::new(Arc::new(options));
    let sent = transport.send(&request, authorization.as_deref(), None, Deadline::after(Some(timeout)), None).await;
    let response = sent.map_err(|broken| match broken {
        NoResponse::TransportFailure(failure, _) => failure.error,
        NoResponse::OutOfTime { connect } => {
            Error::new(Kind::RequestTimeout { connect }, format!("no answer within {} s", timeout.as_secs_f64()))
        }
    })?;
    let date = response.headers.get(http::header::DATE).and_then(|date| date.to_str().ok());
    Ok(Probed {
        status: response.status,
        date: date.map(str::to_owned),
        body: String::from_utf8_lossy(&response.body).into_owned(),
    })
}
