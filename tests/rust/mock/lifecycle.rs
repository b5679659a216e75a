//! The mock server starts, serves and stops without Python.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode};
use xmedia::client::model::{CommandName, MediaId};
use xmedia::mock::{Fault, FaultKind, Item, MockServer, NewMedia, Options, Reply, Step};

use super::http::{Http, V1};

fn unverified() -> MockServer {
    let options =
        Options { verify_auth: false, processing: Step::sequence(["pending", "succeeded"], 0.0), ..Options::default() };
    MockServer::start(options).unwrap()
}

#[test]
fn a_whole_upload() {
    let server = unverified();
    let mut http = Http::to(&server);
    let begun = http.form(V1, "command=INIT&total_bytes=8&media_type=video%2Fmp4&media_category=tweet_video");
    let id = begun.json()["media_id_string"].as_str().unwrap().to_owned();
    assert_eq!(http.append(&id, "0", b"\0\0\0\x18ftyp").status, 204);
    let ended = http.form(V1, &format!("command=FINALIZE&media_id={id}"));
    assert_eq!((ended.status, &ended.json()["processing_info"]["state"]), (201, &"pending".into()));
    let status = http.call("GET", &format!("{V1}?command=STATUS&media_id={id}"), "", b"");
    assert_eq!(status.json()["processing_info"]["state"], "succeeded");
    let record = server.media(MediaId::parse(&id).unwrap()).unwrap();
    assert_eq!(record.segments.unwrap().concat(), b"\0\0\0\x18ftyp");
    let commands: Vec<&str> = server.commands().into_iter().map(CommandName::as_str).collect();
    assert_eq!(commands, ["INIT", "APPEND", "FINALIZE", "STATUS"]);
}

#[test]
fn starting_and_stopping_takes_milliseconds() {
    let begun = Instant::now();
    for _ in 0..50 {
        let server = unverified();
        let mut http = Http::to(&server);
        assert_eq!(http.call("GET", "/__media", "", b"").status, 200);
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn closing_ends_open_connections() {
    let server = unverified();
    let mut idle = TcpStream::connect(server.address().unwrap()).unwrap();
    let mut http = Http::to(&server);
    http.call("GET", "/__media", "", b"");
    server.close();
    server.close();
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    let refused = TcpStream::connect(server.address().unwrap()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn items_go_to_requests_in_order_of_arrival() {
    let server = unverified();
    let id = MediaId::new(7).unwrap();
    server.add_media(id, NewMedia { data: "x".into(), media_type: "video/mp4".into(), ..NewMedia::default() }).unwrap();
    let reply = Reply {
        status: StatusCode::SERVICE_UNAVAILABLE,
        headers: HeaderMap::new(),
        body: "down".into(),
        delay: Duration::ZERO,
        apply: false,
    };
    let delay = Fault::new(FaultKind::Delay(Duration::from_millis(1)));
    server.script(CommandName::Finalize, [Item::Reply(reply), Item::Normal, Item::Fault(delay)]);
    let mut http = Http::to(&server);
    let statuses: Vec<u16> = (0..3).map(|_| http.form(V1, "command=FINALIZE&media_id=7").status).collect();
    assert_eq!(statuses, [503, 201, 201]);
    let effects: Vec<bool> = server.requests().iter().map(|request| request.effect).collect();
    assert_eq!(effects, [false, true, false]);
}
