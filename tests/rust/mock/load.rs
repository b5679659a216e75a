//! What the mock server can bear. Figures depend on the machine, so that these run on request only:
//! `cargo test --release mock_load -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use super::http::{Http, V1};
use xmedia::mock::{MockServer, NewMedia, Options};

fn unverified(keep_data: bool) -> MockServer {
    MockServer::start(Options { verify_auth: false, keep_data, ..Options::default() }).unwrap()
}

#[test]
#[ignore = "measures"]
fn mock_load_small_requests() {
    let server = unverified(true);
    let path = format!("{V1}?command=STATUS&media_id=7");
    let begun = Instant::now();
    let counts: Vec<u32> = std::thread::scope(|scope| {
        let load = || {
            let mut http = Http::to(&server);
            let mut count = 0;
            while begun.elapsed() < Duration::from_secs(2) {
                assert_eq!(http.call("GET", &path, "", b"").status, 404);
                count += 1;
            }
            count
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let total: u32 = counts.iter().sum();
    println!("{} requests a second", f64::from(total) / begun.elapsed().as_secs_f64());
    println!("{} µs of the server's thread for each", 10_000.0 * server_ticks() / f64::from(total));
}

#[test]
#[ignore = "measures"]
fn mock_load_a_hundred_thousand_media() {
    let server = unverified(true);
    let before = resident();
    let mut http = Http::to(&server);
    for _ in 0..100_000 {
        let answer = http.form(V1, "command=INIT&total_bytes=9&media_type=video/mp4&media_category=tweet_video");
        assert_eq!(answer.status, 202);
    }
    println!("{} MiB for 100,000 media and their requests", (resident() - before) / 1024);
    assert_eq!(server.media_ids().len(), 100_000);
}

#[test]
#[ignore = "measures"]
fn mock_load_two_gibibytes_of_which_only_hashes_are_kept() {
    let server = unverified(false);
    let segment = vec![7u8; 4_000_000];
    let id = xmedia::client::model::MediaId::new(7).unwrap();
    let total = 500 * segment.len() as u64;
    let new = NewMedia { total_bytes: Some(total), media_type: "video/mp4".into(), ..NewMedia::default() };
    server.add_media(id, new).unwrap();
    let before = resident();
    let begun = Instant::now();
    let mut http = Http::to(&server);
    for index in 0..500 {
        assert_eq!(http.append("7", &index.to_string(), &segment).status, 204);
    }
    let record = server.media(id).unwrap();
    assert_eq!((record.size, record.sha256.is_some()), (total, true));
    println!("{} MiB more, {:?}", resident().saturating_sub(before) / 1024, begun.elapsed());
}

/// Hundredths of a second that the thread of the server has used.
fn server_ticks() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let stats = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap());
    let stat = stats.into_iter().find(|stat| stat.contains("(xmedia-mock)")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()
}

/// KiB of memory that this process holds.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
