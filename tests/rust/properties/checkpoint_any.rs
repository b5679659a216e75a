//! Checkpoint files, whatever stands in them: what was written is read the same, anything else is nothing or sound.

use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use serde_json::{Value, json};
use xmedia::client::model::MediaId;
use xmedia::client::upload::checkpoint::{Record, SourceIdentity, Stage};

fn any_record() -> impl Strategy<Value = Record> {
    let source =
        (".*", ".*", any::<u64>(), ".*", prop::collection::vec(".*", 0..3), any::<bool>(), any::<Option<u64>>());
    let stage = prop_oneof![Just(Stage::Appending), Just(Stage::Finalizing), Just(Stage::Waiting)];
    let session = (1..u64::MAX, 1..u64::MAX, prop::option::of(0..1u64 << 40), stage);
    (source, session, prop::collection::btree_set(0..1000u16, 0..50)).prop_map(|(source, session, acknowledged)| {
        let (host, identity, total_bytes, media_type, additional_owners, shared, asked_segment_bytes) = source;
        let (media_id, segment_bytes, expires_at, stage) = session;
        Record {
            source: SourceIdentity {
                api: "2".into(),
                host,
                total_bytes,
                identity,
                media_type,
                media_category: "tweet_video".into(),
                additional_owners,
                shared,
                asked_segment_bytes,
            },
            segment_bytes,
            media_id: MediaId::new(media_id % 10_u64.pow(18) + 1).unwrap(),
            expires_at: expires_at.map(|since| UNIX_EPOCH + Duration::from_secs(since)),
            stage,
            acknowledged,
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_the_same(record in any_record()) {
        prop_assert_eq!(Some(record.clone()), Record::from_json(&record.to_json()));
    }

    #[test]
    fn a_torn_file_is_nothing(record in any_record(), part in 0.0..1.0) {
        let written = record.to_json();
        let end = (written.len() as f64 * part) as usize;
        prop_assert_eq!(None, Record::from_json(&written[..end]));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(None, Record::from_json(&bytes));
    }
}

fn with_acknowledged(acknowledged: Value) -> Option<Record> {
    let source = SourceIdentity {
        api: "1.1".into(),
        host: "https://upload.twitter.com".into(),
        total_bytes: 1,
        identity: String::new(),
        media_type: "video/mp4".into(),
        media_category: "tweet_video".into(),
        additional_owners: Vec::new(),
        shared: false,
        asked_segment_bytes: None,
    };
    let opened = MediaId::new(7).unwrap().into();
    let mut file: Value = serde_json::from_slice(&Record::opened(source, 1, &opened).to_json()).unwrap();
    file["acknowledged"] = acknowledged;
    Record::from_json(file.to_string().as_bytes())
}

#[test]
fn segments_that_no_upload_has_make_a_file_void() {
    assert_eq!(None, with_acknowledged(json!([[0, 10_000]])));
    assert_eq!(None, with_acknowledged(json!([[0, 65_535], [0, 65_535]])));
    assert_eq!(
        Some(BTreeSet::from([0, 1, 999])),
        with_acknowledged(json!([[0, 1], [999, 999]])).map(|it| it.acknowledged)
    );
}
