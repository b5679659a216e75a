//! Whatever comes in, in whatever order and on however many connections: the mock server stays within
//! docs/how/wire.md, and its media is what it acknowledged.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use xmedia::client::model::MediaId;
use xmedia::mock::{MockServer, Options, Step};

use super::http::{Answer, Http, V1};

#[derive(Clone, Debug)]
enum Action {
    Init { total: u64, category: &'static str },
    Append { upload: usize, index: u16, len: usize, fill: u8, v2: bool },
    Finalize { upload: usize, v2: bool },
    Status { upload: usize, v2: bool },
    AltText { upload: usize },
    Anything { path: &'static str, content_type: &'static str, body: Vec<u8> },
}

fn step() -> impl Strategy<Value = Action> {
    let category = prop_oneof![Just("tweet_video"), Just("TweetVideo"), Just("tweet_image"), Just(""), Just("none")];
    let path = prop_oneof![
        Just("/1.1/media/upload.json"),
        Just("/1.1/media/metadata/create.json"),
        Just("/1.1/media/subtitles/create.json"),
        Just("/2/media/upload"),
        Just("/2/media/upload/initialize"),
        Just("/2/media/upload/1/append"),
        Just("/2/media/subtitles"),
        Just("/2/oauth2/token"),
        Just("/elsewhere"),
    ];
    let content_type = prop_oneof![
        Just(""),
        Just("application/json"),
        Just("application/x-www-form-urlencoded"),
        Just("multipart/form-data; boundary=X"),
        Just("multipart/form-data"),
        Just("multipart/form-data; boundary=\"a\\\"b"),
    ];
    let hostile = prop_oneof![
        vec(any::<u8>(), 0..200),
        "(--X|\r\n|\n|Content-Disposition: form-data; name=\"(media|command|media_id)\"|INIT|APPEND|STATUS|=|&|;|\"|--){0,12}"
            .prop_map(String::into_bytes),
        "(\\{|\\}|\\[|\"media\"|\"id\"|:|,|1e400|-1|null|\"7\"){0,12}".prop_map(String::into_bytes),
    ];
    prop_oneof![
        2 => (0..30_000u64, category).prop_map(|(total, category)| Action::Init { total, category }),
        6 => (0..4usize, prop_oneof![0..4u16, 998..1002u16, 9_998..10_002u16], 0..12_000usize, any::<u8>(), any::<bool>())
            .prop_map(|(upload, index, len, fill, v2)| Action::Append { upload, index, len, fill, v2 }),
        2 => (0..4usize, any::<bool>()).prop_map(|(upload, v2)| Action::Finalize { upload, v2 }),
        2 => (0..4usize, any::<bool>()).prop_map(|(upload, v2)| Action::Status { upload, v2 }),
        1 => (0..4usize).prop_map(|upload| Action::AltText { upload }),
        2 => (path, content_type, hostile)
            .prop_map(|(path, content_type, body)| Action::Anything { path, content_type, body }),
    ]
}

/// What was acknowledged of one upload.
#[derive(Default)]
struct Acknowledged {
    total: u64,
    segments: BTreeMap<u16, Vec<u8>>,
    finalized: bool,
}

impl Acknowledged {
    fn adds_up(&self) -> bool {
        let gapless = self.segments.keys().copied().eq(0..self.segments.len() as u16);
        gapless && self.segments.values().map(|data| data.len() as u64).sum::<u64>() == self.total
    }
}

static SERVERS: LazyLock<[MockServer; 2]> = LazyLock::new(|| {
    [true, false].map(|keep_data| {
        MockServer::start(Options {
            verify_auth: false,
            keep_data,
            max_segment_bytes: 10_000,
            processing: Step::sequence(["pending", "in_progress", "succeeded"], 0.0),
            ..Options::default()
        })
        .unwrap()
    })
});

/// Only what docs/how/wire.md knows.
fn check(answer: &Answer) -> Result<(), TestCaseError> {
    prop_assert!([200, 201, 202, 204, 400, 401, 404, 413].contains(&answer.status), "{answer:?}");
    if answer.status == 413 || answer.status == 204 {
        prop_assert!(answer.body.is_empty());
    } else if answer.body != b"media type unrecognized" {
        prop_assert!(serde_json::from_slice::<Value>(&answer.body).is_ok(), "{answer:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn media_is_what_was_acknowledged(steps in vec((step(), 0..3usize), 1..40), keep_data in any::<bool>()) {
        let server = &SERVERS[usize::from(!keep_data)];
        let mut lines: Vec<Http> = (0..3).map(|_| Http::to(server)).collect();
        let mut uploads: Vec<(String, Acknowledged)> = Vec::new();
        for (step, line) in steps {
            let http = &mut lines[line];
            let answer = run(http, step, &mut uploads)?;
            check(&answer)?;
        }
        let table = lines[0].call("GET", "/__media", "", b"").json();
        for (id, known) in &uploads {
            let bytes = known.segments.values().flatten().count();
            prop_assert_eq!(&table[id]["len"], &Value::from(bytes));
            prop_assert_eq!(&table[id]["total"], &Value::from(known.total));
            prop_assert_eq!(table[id]["state"] != "appending", known.finalized);
            let record = server.media(MediaId::parse(id).unwrap()).unwrap();
            let whole: Vec<u8> = known.segments.values().flatten().copied().collect();
            let hash = ring::digest::digest(&ring::digest::SHA256, &whole);
            let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            if let Some(reported) = &record.sha256 {
                prop_assert_eq!(reported, &hash);
            } else {
                prop_assert!(!keep_data);
            }
            if let Some(segments) = record.segments {
                prop_assert_eq!(segments.concat(), whole);
            }
        }
    }
}

/// Takes one step and checks it against what is known of the upload.
fn run(http: &mut Http, step: Action, uploads: &mut Vec<(String, Acknowledged)>) -> Result<Answer, TestCaseError> {
    let nobody = || ("1".to_owned(), Acknowledged::default());
    match step {
        Action::Init { total, category } => {
            let answer = http
                .form(V1, &format!("command=INIT&total_bytes={total}&media_type=video/mp4&media_category={category}"));
            prop_assert_eq!(answer.status, if category == "none" { 400 } else { 202 });
            if answer.status == 202 {
                let id = answer.json()["media_id_string"].as_str().unwrap().to_owned();
                uploads.push((id, Acknowledged { total, ..Acknowledged::default() }));
            }
            Ok(answer)
        }
        Action::Append { upload, index, len, fill, v2 } => {
            let mut other = nobody();
            let (id, known) = uploads.get_mut(upload).unwrap_or(&mut other);
            let data = vec![fill; len];
            let answer = if v2 {
                let body = serde_json::json!({"segment_index": index, "media": base64(&data)}).to_string();
                http.call("POST", &format!("/2/media/upload/{id}/append"), "application/json", body.as_bytes())
            } else {
                http.append(id, &index.to_string(), &data)
            };
            let taken = matches!(answer.status, 200 | 204);
            let last = if v2 { 9_999 } else { 999 };
            prop_assert_eq!(taken, id != "1" && index <= last && len <= 10_000 && !known.finalized);
            if taken {
                known.segments.insert(index, data);
            }
            Ok(answer)
        }
        Action::Finalize { upload, v2 } => {
            let mut other = nobody();
            let (id, known) = uploads.get_mut(upload).unwrap_or(&mut other);
            let answer = if v2 {
                http.call("POST", &format!("/2/media/upload/{id}/finalize"), "application/json", b"{}")
            } else {
                http.form(V1, &format!("command=FINALIZE&media_id={id}"))
            };
            let done = matches!(answer.status, 200 | 201);
            // Bytes that happen to be another type's first ones may be refused, too; those that do not add up always are.
            prop_assert!(!done || known.finalized || known.adds_up());
            known.finalized |= done;
            Ok(answer)
        }
        Action::Status { upload, v2 } => {
            let other = nobody();
            let (id, known) = uploads.get(upload).unwrap_or(&other);
            let path = if v2 { "/2/media/upload" } else { V1 };
            let answer = http.call("GET", &format!("{path}?media_id={id}&command=STATUS"), "", b"");
            prop_assert!(answer.status != 200 || known.finalized);
            Ok(answer)
        }
        Action::AltText { upload } => {
            let other = nobody();
            let (id, _) = uploads.get(upload).unwrap_or(&other);
            let body = format!("{{\"media_id\":{id},\"alt_text\":{{\"text\":\"x\"}}}}");
            Ok(http.call("POST", "/1.1/media/metadata/create.json", "application/json", body.as_bytes()))
        }
        Action::Anything { path, content_type, body } => Ok(http.call("POST", path, content_type, &body)),
    }
}

fn base64(data: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(data)
}
