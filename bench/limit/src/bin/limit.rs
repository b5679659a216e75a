//! The same FINALIZE in bare Rust: `limit reqwest|core|hyper|images|aead URL CALLS IN_FLIGHT` prints what each call took.
//!
//! `reqwest` signs each request with OAuth 1.0a and parses the answer, each call a task spawned on one worker while the
//! main thread waits for it, as a Python thread would; `core` has xmedia's own client do it, without Python. `hyper`
//! writes the same bytes on one connection, parses nothing. `images` sends images of 200 kB in one request each. `aead`
//! seals CALLS MiB in records of 16 KiB, as TLS does, and sends nothing.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::TokioIo;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use tokio::sync::Semaphore;
use xmedia::client::auth::{Credentials, oauth1};
use xmedia::client::call::Hooks;
use xmedia::client::config::{CheckMode, Hosts, Options, Proxy, Retry, TransportOptions};
use xmedia::client::model::{ApiVersion, Media, MediaId};
use xmedia::client::{Account, Client, Transport};

const ID: &str = "710511363345354753";
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, kind, url, calls, in_flight] = arguments.as_slice() else {
        return Err("limit reqwest|core|hyper|images|aead URL CALLS IN_FLIGHT".into());
    };
    let (calls, in_flight) = (calls.parse()?, in_flight.parse()?);
    match kind.as_str() {
        "reqwest" => with_reqwest(url, calls, in_flight, one),
        "images" => with_reqwest(url, calls, in_flight, image),
        "core" => with_core(url, calls),
        "aead" => with_aead(calls),
        _ => with_hyper(url, calls),
    }
}

static SIGNER: LazyLock<oauth1::Signer> = LazyLock::new(|| oauth1::Signer::new(&credentials()));

fn credentials() -> oauth1::Credentials {
    oauth1::Credentials {
        consumer_key: "consumer-key".into(),
        consumer_secret: "consumer-secret".into(),
        access_token: "access-token".into(),
        access_token_secret: "access-token-secret".into(),
    }
}

fn sign(url: &str) -> String {
    let nonce = format!("{:032x}", rand::random::<u128>());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    SIGNER.authorization("POST", url, &[("command", "FINALIZE"), ("media_id", ID)], &nonce, now)
}

async fn one(client: reqwest::Client, url: String) -> Result<u64, Failure> {
    let authorization = sign(&url);
    let response = client
        .post(&url)
        .header("authorization", authorization)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("command=FINALIZE&media_id={ID}"))
        .send()
        .await?
        .error_for_status()?;
    let body: serde_json::Value = serde_json::from_slice(&response.bytes().await?)?;
    body["media_id"].as_u64().ok_or_else(|| "no id".into())
}

async fn image(client: reqwest::Client, url: String) -> Result<u64, Failure> {
    let authorization = sign(&url);
    let part = reqwest::multipart::Part::bytes(vec![7_u8; 200_000]).file_name("media");
    let response = client
        .post(&url)
        .header("authorization", authorization)
        .multipart(reqwest::multipart::Form::new().text("media_category", "tweet_image").part("media", part))
        .send()
        .await?
        .error_for_status()?;
    let body: serde_json::Value = serde_json::from_slice(&response.bytes().await?)?;
    body["media_id"].as_u64().ok_or_else(|| "no id".into())
}

fn with_reqwest<F>(
    url: &str,
    calls: usize,
    in_flight: usize,
    one: fn(reqwest::Client, String) -> F,
) -> Result<(), Failure>
where
    F: Future<Output = Result<u64, Failure>> + Send + 'static,
{
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!("{url}/1.1/media/upload.json");
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).user_agent("limit").build()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let run = |calls: usize| -> Result<(), Failure> {
        if in_flight == 1 {
            for _ in 0..calls {
                let (sender, receiver) = std::sync::mpsc::sync_channel(1);
                let call = one(client.clone(), url.clone());
                runtime.spawn(async move { sender.send(call.await) });
                receiver.recv()??;
            }
            return Ok(());
        }
        let places = std::sync::Arc::new(Semaphore::new(in_flight));
        let tasks: Vec<_> = (0..calls)
            .map(|_| {
                let (places, call) = (places.clone(), one(client.clone(), url.clone()));
                runtime.spawn(async move {
                    let _place = places.acquire().await?;
                    call.await
                })
            })
            .collect();
        runtime.block_on(async move {
            for task in tasks {
                task.await??;
            }
            Ok(())
        })
    };
    measured(run, calls)
}

fn with_core(url: &str, calls: usize) -> Result<(), Failure> {
    let transport = Arc::new(Transport::new(Arc::new(TransportOptions {
        hosts: Hosts::at(url),
        proxy: Proxy::Off,
        ..TransportOptions::default()
    })));
    let account = Arc::new(Account::new(Credentials::OAuth1(credentials())));
    let options = Arc::new(Options {
        api: ApiVersion::V1_1,
        request_timeout: Some(Duration::from_secs(60)),
        retry: Some(Retry::default()),
        check: CheckMode::Warn,
        account: None,
        record: None,
    });
    let client = Client::new(transport, account, options)?;
    let id = MediaId::parse(ID).ok_or("no id")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let run = |calls: usize| -> Result<(), Failure> {
        for _ in 0..calls {
            let (sender, receiver) = std::sync::mpsc::sync_channel(1);
            let client = client.clone();
            runtime.spawn(async move {
                let timeout = Some(Duration::from_secs(120));
                sender.send(client.finalize(Media::new(id), timeout, Hooks::none()).await.map(drop))
            });
            receiver.recv()??;
        }
        Ok(())
    };
    measured(run, calls)
}

fn with_aead(mebibytes: usize) -> Result<(), Failure> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).map_err(|_| "no key")?);
    let mut record = vec![7_u8; 16 << 10];
    let mut sequence = 0_u64;
    let run = |mebibytes: usize| -> Result<(), Failure> {
        for _ in 0..mebibytes * 64 {
            sequence += 1;
            let mut nonce = [0; 12];
            nonce[4..].copy_from_slice(&sequence.to_be_bytes());
            let nonce = Nonce::assume_unique_for_key(nonce);
            let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut record).map_err(|_| "not sealed")?;
            let _ = std::hint::black_box(tag);
        }
        Ok(())
    };
    measured(run, mebibytes)
}

fn with_hyper(url: &str, calls: usize) -> Result<(), Failure> {
    let address = url.trim_start_matches("http://").to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let authorization = sign(&format!("{url}/1.1/media/upload.json"));
    let mut sender = runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(&address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok::<_, Failure>(sender)
    })?;
    let mut run = |calls: usize| -> Result<(), Failure> {
        runtime.block_on(async {
            for _ in 0..calls {
                let request = Request::post("/1.1/media/upload.json")
                    .header("host", &address)
                    .header("authorization", &authorization)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(Full::new(Bytes::from_static(b"command=FINALIZE&media_id=710511363345354753")))?;
                sender.ready().await?;
                sender.send_request(request).await?.into_body().collect().await?;
            }
            Ok(())
        })
    };
    measured(|calls| run(calls), calls)
}

/// Runs a tenth of the calls to warm up, then all, and prints the seconds of CPU and of the clock.
fn measured(mut run: impl FnMut(usize) -> Result<(), Failure>, calls: usize) -> Result<(), Failure> {
    run(calls / 10 + 1)?;
    let (cpu, started) = (cpu_seconds(), Instant::now());
    run(calls)?;
    let (cpu, wall) = (cpu_seconds() - cpu, started.elapsed().as_secs_f64());
    println!("{{\"calls\": {calls}, \"cpu\": {cpu:.6}, \"wall\": {wall:.6}}}");
    Ok(())
}

fn cpu_seconds() -> f64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is valid, and all zeros is a valid rusage.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
