//! What is written down of an upload, and what is read again.

use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use xmedia::client::model::MediaId;
use xmedia::client::upload::checkpoint::{Record, SourceIdentity, Stage, is_torn};

fn record(acknowledged: BTreeSet<u16>, stage: Stage) -> Record {
    Record {
        source: SourceIdentity {
            api: "1.1".into(),
            host: "https://upload.twitter.com".into(),
            total_bytes: 1_234_567_890_123,
            identity: "file:0:5:1700000000000000001:ab".into(),
            media_type: "video/mp4".into(),
            media_category: "tweet_video".into(),
            additional_owners: vec!["5".into()],
            shared: true,
            asked_segment_bytes: Some(7),
        },
        segment_bytes: 1 << 20,
        media_id: MediaId::new(9_999_999_999_999_999_999).unwrap(),
        expires_at: Some(UNIX_EPOCH + Duration::from_secs(2_000_000_000)),
        stage,
        acknowledged,
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read(acknowledged in prop::collection::btree_set(0..1000_u16, 0..200), stage in 0..3) {
        let stage = [Stage::Appending, Stage::Finalizing, Stage::Waiting][stage as usize];
        let record = record(acknowledged, stage);
        prop_assert_eq!(Record::from_json(&record.to_json()), Some(record));
    }

    #[test]
    fn what_was_torn_is_not(end in 0..300_usize) {
        let text = record((0..50).collect(), Stage::Appending).to_json();
        let torn = &text[..end.min(text.len() - 1)];
        prop_assert_eq!(Record::from_json(torn), None);
        prop_assert!(is_torn(torn));
        prop_assert!(is_torn(&[torn, &[0; 9]].concat()));
    }

    #[test]
    fn garbage_is_not(text in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(Record::from_json(&text), None);
    }
}

#[test]
fn segments_in_a_row_are_written_as_one_range() {
    let text = record([0, 1, 2, 7, 999].into(), Stage::Appending).to_json();
    assert!(String::from_utf8_lossy(&text).contains(r#""acknowledged":[[0,2],[7,7],[999,999]]"#));
}

#[test]
fn each_difference_has_a_word() {
    let one = record(BTreeSet::new(), Stage::Appending).source;
    let changes: [(fn(&mut SourceIdentity), &str); 9] = [
        (|source| source.api = "2".into(), "the API version"),
        (|source| source.host = "https://api.x.com".into(), "the host"),
        (|source| source.total_bytes = 1, "the size"),
        (|source| source.identity = "other".into(), "the file"),
        (|source| source.media_type = "video/webm".into(), "the media type"),
        (|source| source.media_category = "dm_video".into(), "the media category"),
        (|source| source.additional_owners = Vec::new(), "the additional owners"),
        (|source| source.shared = false, "shared"),
        (|source| source.asked_segment_bytes = None, "the segment size"),
    ];
    assert_eq!(one.difference(&one), None);
    for (change, word) in changes {
        let mut other = one.clone();
        change(&mut other);
        assert_eq!(one.difference(&other), Some(word));
    }
}
