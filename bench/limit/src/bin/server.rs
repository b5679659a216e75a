//! A server that answers as X does, without keeping or checking anything: the benchmarks' other end.
//!
//! `server [--delay-ms N] [--check-after S] [--lose N] [--line-mbit N --line-rtt-ms N] [--tls FILE]` prints its address
//! and ends with its standard input. FINALIZE answers `pending`, STATUS `succeeded` once the time has come, APPEND 204
//! when its body has been read, INIT an id, an image the media. With `--lose 10` every tenth APPEND loses its connection
//! half way; with `--line-mbit` all connections share a line of that rate; with `--tls` it writes its certificate there.
//! `GET /received` says how many bytes of bodies have come.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// What was asked of the server, and what it remembers: when each media was finalized.
struct Server {
    delay: Duration,
    check_after: f64,
    next_id: AtomicU64,
    due: Mutex<HashMap<u64, f64>>,
    /// Of so many APPENDs one loses its connection; 0 for none.
    lose: u64,
    appends: AtomicU64,
    received: AtomicU64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let option = |name: &str| {
        let arguments: Vec<String> = std::env::args().collect();
        arguments.windows(2).find(|pair| pair[0] == name).and_then(|pair| pair[1].parse::<f64>().ok())
    };
    let server = Arc::new(Server {
        delay: Duration::from_secs_f64(option("--delay-ms").unwrap_or(0.0) / 1000.0),
        check_after: option("--check-after").unwrap_or(1.0),
        next_id: AtomicU64::new(710_511_363_345_354_753),
        due: Mutex::default(),
        lose: option("--lose").unwrap_or(0.0) as u64,
        appends: AtomicU64::new(0),
        received: AtomicU64::new(0),
    });
    let line = option("--line-mbit").map(|mbit| SlowLink::new(mbit, option("--line-rtt-ms").unwrap_or(0.0)));
    let arguments: Vec<String> = std::env::args().collect();
    let certificate = arguments.windows(2).find(|pair| pair[0] == "--tls").map(|pair| pair[1].clone());
    let acceptor = certificate.map(|path| tls(&path)).transpose()?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = match line {
            // Clients talk to the line, and the line to the server.
            Some(line) => line.to(listener.local_addr()?).await?,
            None => listener.local_addr()?,
        };
        println!("http{}://{address}", if acceptor.is_some() { "s" } else { "" });
        std::io::stdout().flush()?;
        std::thread::spawn(|| {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(0);
        });
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let (server, acceptor) = (server.clone(), acceptor.clone());
            tokio::spawn(async move {
                let answer = service_fn(move |request| answer(server.clone(), request));
                let http = hyper::server::conn::http1::Builder::new();
                match acceptor {
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            let _ = http.serve_connection(TokioIo::new(stream), answer).await;
                        }
                    }
                    None => drop(http.serve_connection(TokioIo::new(stream), answer).await),
                }
            });
        }
    })
}

/// TLS with a certificate of this run, which is written to the path.
fn tls(path: &str) -> Result<tokio_rustls::TlsAcceptor, Box<dyn std::error::Error>> {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()])?;
    std::fs::write(path, cert.pem())?;
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())?;
    Ok(Arc::new(config).into())
}

/// How late the proxy may be without the line losing time.
const LATE: Duration = Duration::from_millis(20);

/// A line that all connections share: so many bytes a second towards the server, and half of the round trip each way.
#[derive(Clone)]
struct SlowLink {
    bytes_per_second: f64,
    one_way: Duration,
    free_at: Arc<Mutex<Instant>>,
}

impl SlowLink {
    fn new(mbit: f64, rtt_ms: f64) -> Self {
        SlowLink {
            bytes_per_second: mbit * 1e6 / 8.0,
            one_way: Duration::from_secs_f64(rtt_ms / 2000.0),
            free_at: Arc::new(Mutex::new(Instant::now())),
        }
    }

    /// Carries connections to the server; where they are to be made.
    async fn to(self, server: SocketAddr) -> std::io::Result<SocketAddr> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let line = self.clone();
                tokio::spawn(async move {
                    // The handshake's round trip.
                    tokio::time::sleep(line.one_way * 2).await;
                    let Ok(server) = tokio::net::TcpStream::connect(server).await else { return };
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = server.into_split();
                    tokio::spawn(line.clone().carry(from_client, to_server, true));
                    line.carry(from_server, to_client, false).await;
                });
            }
        });
        Ok(address)
    }

    /// Carries one direction. What is on its way is as much as fits the line's round trip.
    async fn carry(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shaped: bool) {
        let (sender, mut on_its_way) = tokio::sync::mpsc::channel::<(Instant, Vec<u8>)>(64);
        let delivery = tokio::spawn(async move {
            while let Some((at, piece)) = on_its_way.recv().await {
                tokio::time::sleep_until(at.into()).await;
                if to.write_all(&piece).await.is_err() {
                    break;
                }
            }
        });
        let mut piece = vec![0; 16 << 10];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            let mut sent_at = Instant::now();
            if shaped {
                let mut free_at = self.free_at.lock().expect("no panic");
                // Timers are late by a millisecond or two, which is no time that the line was idle.
                sent_at = free_at.max(sent_at - LATE) + Duration::from_secs_f64(length as f64 / self.bytes_per_second);
                *free_at = sent_at;
            }
            tokio::time::sleep_until(sent_at.into()).await;
            if sender.send((sent_at + self.one_way, piece[..length].to_vec())).await.is_err() {
                break;
            }
        }
        drop(sender);
        let _ = delivery.await;
    }
}

async fn answer(server: Arc<Server>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, &'static str> {
    let (parts, mut body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let multipart =
        parts.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
    let mut form = query;
    let mut append = multipart;
    if path == "/received" {
        return Ok(respond(200, format!("{{\"received\":{}}}", server.received.load(Ordering::Relaxed))));
    }
    if multipart {
        let half = parts
            .headers
            .get("content-length")
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok())
            .map_or(1 << 20, |length| length / 2);
        let (mut length, mut lost) = (0, false);
        // Media bytes are read and dropped.
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map(AsRef::<[u8]>::as_ref).unwrap_or_default();
            if length == 0 {
                // v1.1 names its command in the first part; an image names none.
                append = path.ends_with("/append") || bytes.windows(6).any(|text| text == b"APPEND");
                let number = server.appends.fetch_add(u64::from(append), Ordering::Relaxed) + 1;
                lost = append && server.lose > 0 && number % server.lose == 0;
            }
            length += bytes.len() as u64;
            server.received.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            if lost && length >= half {
                return Err("the connection is lost");
            }
        }
    } else if let Ok(text) = body.collect().await {
        form.push('&');
        form.push_str(&String::from_utf8_lossy(&text.to_bytes()));
    }
    let field = |name: &str| form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let in_path = path.trim_end_matches('/').split('/').find_map(|part| part.parse::<u64>().ok());
    let id = field("media_id").and_then(|id| id.parse().ok()).or(in_path);
    let v2 = path.starts_with("/2/");
    let command = field("command").map(str::to_owned).unwrap_or_else(|| match path.rsplit('/').next() {
        _ if append => "APPEND".to_owned(),
        _ if multipart => "INIT".to_owned(),
        Some("initialize") => "INIT".to_owned(),
        Some("finalize") => "FINALIZE".to_owned(),
        _ => "STATUS".to_owned(),
    });
    if !server.delay.is_zero() && multipart {
        tokio::time::sleep(server.delay).await;
    }
    if command == "APPEND" {
        return Ok(respond(204, String::new()));
    }
    let (id, info) = match command.as_str() {
        "INIT" => (server.next_id.fetch_add(1, Ordering::Relaxed), None),
        "FINALIZE" => {
            let id = id.unwrap_or_default();
            server.due.lock().expect("no panic").insert(id, monotonic() + server.check_after);
            let pending = format!("{{\"state\":\"pending\",\"check_after_secs\":{}}}", server.check_after);
            (id, Some((pending, None)))
        }
        _ => {
            let id = id.unwrap_or_default();
            let due = server.due.lock().expect("no panic").get(&id).copied().unwrap_or(0.0);
            let ready = due <= monotonic();
            let info = if ready {
                "{\"state\":\"succeeded\",\"progress_percent\":100}"
            } else {
                "{\"state\":\"in_progress\",\"check_after_secs\":0.05,\"progress_percent\":50}"
            };
            (id, Some((info.to_owned(), Some(due))))
        }
    };
    let processing = info.as_ref().map(|(info, _)| format!(",\"processing_info\":{info}")).unwrap_or_default();
    let due = info.and_then(|(_, due)| due).map(|due| format!(",\"due\":{due:.6}")).unwrap_or_default();
    let json = if v2 {
        format!(
            "{{\"data\":{{\"id\":\"{id}\",\"media_key\":\"7_{id}\",\"size\":1048576,\"expires_after_secs\":86400{processing}{due}}}}}"
        )
    } else {
        format!(
            "{{\"media_id\":{id},\"media_id_string\":\"{id}\",\"media_key\":\"7_{id}\",\"size\":1048576,\
             \"expires_after_secs\":86400,\"video\":{{\"video_type\":\"video\\/mp4\"}}{processing}{due}}}"
        )
    };
    let status = if parts.method == Method::GET {
        200
    } else if command == "INIT" {
        202
    } else {
        201
    };
    Ok(respond(status, json))
}

fn respond(status: u16, json: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(json)));
    *response.status_mut() = hyper::StatusCode::from_u16(status).expect("a status");
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-type", "application/json;charset=utf-8"),
        ("x-rate-limit-limit", "615"),
        ("x-rate-limit-remaining", "614"),
        ("x-rate-limit-reset", "1900000000"),
        ("x-response-time", "12"),
        ("x-transaction-id", "4f1b0e3d2c5a6b79"),
        ("cache-control", "no-cache, no-store, must-revalidate, pre-check=0, post-check=0"),
    ] {
        headers.insert(name, hyper::header::HeaderValue::from_static(value));
    }
    response
}

/// The clock that Python's `time.monotonic` reads.
fn monotonic() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is valid for the call.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}
