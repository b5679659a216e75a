//! How files are cut into segments, for every size and every wish.

use proptest::prelude::*;
use xmedia::client::model::ApiVersion;
use xmedia::client::upload::plan::{MAX_SEGMENTS, MAX_TOTAL_BYTES, Plan};

#[test]
fn sizes_around_the_boundaries() {
    let mib = 1 << 20;
    let cases: [(u64, Option<u64>, u64, u16); 11] = [
        (1, None, mib, 1),
        (mib - 1, None, mib, 1),
        (mib, None, mib, 1),
        (mib + 1, None, mib, 2),
        (1000 * mib, None, mib, 1000),
        (1000 * mib + 1, None, mib + 1, 1000),
        (1000, Some(1), 1, 1000),
        (1001, Some(1), 2, 501),
        (10, Some(3), 3, 4),
        (5_000_000_000, None, 5_000_000, 1000),
        (10, Some(5_000_000), 5_000_000, 1),
    ];
    for (total_bytes, asked, segment_bytes, segments) in cases {
        let plan = Plan::new(total_bytes, ApiVersion::V1_1, asked).unwrap();
        assert_eq!((plan.segment_bytes, plan.segments()), (segment_bytes, segments), "{total_bytes} {asked:?}");
    }
}

#[test]
fn what_a_version_does_not_take() {
    assert!(Plan::new(5_000_000_001, ApiVersion::V1_1, None).is_err());
    assert!(Plan::new(MAX_TOTAL_BYTES, ApiVersion::V2, None).is_ok());
    assert!(Plan::new(10, ApiVersion::V1_1, Some(5_000_001)).is_err());
    assert!(Plan::new(10, ApiVersion::V2, Some(5_000_001)).is_ok());
    assert!(Plan::new(10, ApiVersion::V2, Some(0)).is_err());
}

proptest! {
    #[test]
    fn segments_follow_each_other_and_cover_the_file(
        total_bytes in prop_oneof![1..5000_u64, 1..=MAX_TOTAL_BYTES],
        asked in prop::option::of(prop_oneof![1..5000_u64, 1..=5_000_000_u64]),
    ) {
        let plan = Plan::new(total_bytes, ApiVersion::V2, asked).unwrap();
        prop_assert!(u64::from(plan.segments()) <= MAX_SEGMENTS);
        prop_assert!(plan.segment_bytes >= asked.unwrap_or(1 << 20));
        let mut end = 0;
        for index in 0..plan.segments() {
            let (offset, len) = plan.segment(index);
            prop_assert_eq!(offset, end);
            prop_assert!(len > 0 && len <= plan.segment_bytes);
            end += len;
        }
        prop_assert_eq!(end, total_bytes);
        prop_assert_eq!(plan.segment(plan.segments()).1, 0);
    }

    #[test]
    fn halving_ends_and_never_needs_more_segments_than_there_may_be(total_bytes in 1..=MAX_TOTAL_BYTES) {
        let mut plan = Plan::new(total_bytes, ApiVersion::V2, Some(MAX_TOTAL_BYTES)).unwrap();
        let mut rounds = 0;
        while let Some(smaller) = plan.halved() {
            prop_assert!(smaller.segment_bytes < plan.segment_bytes.min(total_bytes));
            prop_assert!(u64::from(smaller.segments()) <= MAX_SEGMENTS);
            plan = smaller;
            rounds += 1;
        }
        prop_assert!(rounds <= 11);
    }
}
