//! Idle connections are closed by the client, before servers and load balancers do.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use xmedia::client::auth::Account;
use xmedia::client::call::Hooks;
use xmedia::client::config::{Hosts, Proxy, TransportOptions};
use xmedia::client::model::{ApiVersion, Media};
use xmedia::client::{Client, Transport};

use crate::protocol::decode::example;
use crate::support::{credentials, plain_options};

/// What docs/how/steps.md#what-is-sent-again says, and how long the next look at the connections may take.
const IDLE: std::ops::RangeInclusive<Duration> = Duration::from_secs(25)..=Duration::from_secs(51);

fn client(url: &str) -> Client {
    let options = TransportOptions { hosts: Hosts::at(url), proxy: Proxy::Off, ..TransportOptions::default() };
    let account = Account::new(credentials());
    let transport = Transport::new(Arc::new(options));
    Client::new(Arc::new(transport), Arc::new(account), Arc::new(plain_options(ApiVersion::V1_1))).unwrap()
}

/// Answers one STATUS on a connection that stays open.
async fn answer(listener: &TcpListener) -> TcpStream {
    let (mut connection, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        assert_ne!(0, connection.read_buf(&mut request).await.unwrap(), "the request is cut off");
    }
    let body = format!(r#"{{"media_id_string":"{}"}}"#, example());
    let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    connection.write_all(response.as_bytes()).await.unwrap();
    connection
}

#[tokio::test]
async fn a_connection_that_nothing_uses_is_closed_after_25_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&format!("http://{}", listener.local_addr().unwrap()));
    let asked = client.status(Media::from(example()), None, Hooks::none());
    let (asked, mut connection) = tokio::join!(asked, answer(&listener));
    asked.unwrap();

    // From here on time passes by itself whenever there is nothing else to do.
    tokio::time::pause();
    let idle_since = tokio::time::Instant::now();
    let end = connection.read(&mut [0]).await.unwrap();
    assert_eq!(0, end, "the client sent something");
    assert!(IDLE.contains(&idle_since.elapsed()), "{:?}", idle_since.elapsed());
}
