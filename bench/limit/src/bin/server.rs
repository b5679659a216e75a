//! A server that answers as X does, without keeping or checking anything: the benchmarks' other end.
//!
//! `server [--delay-ms N] [--check-after S]` prints its address and ends with its standard input. FINALIZE answers
//! `pending`, STATUS `succeeded` once the time has come, APPEND 204 when its body has been read, INIT an id.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;

/// What was asked of the server, and what it remembers: when each media was finalized.
struct Server {
    delay: Duration,
    check_after: f64,
    next_id: AtomicU64,
    due: Mutex<HashMap<u64, f64>>,
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
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        std::io::stdout().flush()?;
        std::thread::spawn(|| {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(0);
        });
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let server = server.clone();
            tokio::spawn(async move {
                let answer = service_fn(move |request| answer(server.clone(), request));
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), answer)
                    .await;
            });
        }
    })
}

async fn answer(server: Arc<Server>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, mut body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let multipart = parts
        .headers
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
    let mut form = query;
    if multipart {
        // Media bytes are read and dropped.
        while let Some(Ok(_)) = body.frame().await {}
    } else if let Ok(text) = body.collect().await {
        form.push('&');
        form.push_str(&String::from_utf8_lossy(&text.to_bytes()));
    }
    let field = |name: &str| form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let in_path = path.trim_end_matches('/').split('/').find_map(|part| part.parse::<u64>().ok());
    let id = field("media_id").and_then(|id| id.parse().ok()).or(in_path);
    let v2 = path.starts_with("/2/");
    let command = field("command").map(str::to_owned).unwrap_or_else(|| match path.rsplit('/').next() {
        _ if multipart => "APPEND".to_owned(),
        Some("initialize") => "INIT".to_owned(),
        Some("finalize") => "FINALIZE".to_owned(),
        _ => "STATUS".to_owned(),
    });
    if !server.delay.is_zero() && command == "APPEND" {
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
        format!("{{\"data\":{{\"id\":\"{id}\",\"media_key\":\"7_{id}\",\"size\":1048576,\"expires_after_secs\":86400{processing}{due}}}}}")
    } else {
        format!(
            "{{\"media_id\":{id},\"media_id_string\":\"{id}\",\"media_key\":\"7_{id}\",\"size\":1048576,\
             \"expires_after_secs\":86400,\"video\":{{\"video_type\":\"video\\/mp4\"}}{processing}{due}}}"
        )
    };
    let status = if parts.method == Method::GET { 200 } else if command == "INIT" { 202 } else { 201 };
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
