//! How files are cut into segments, for every size and every wish.

use proptest::prelude::*;
use xmedia::client::model::ApiVersion;
use xmedia::client::upload::plan::Plan;
use xmedia::client::x_limits::{MAX_TOTAL_BYTES, max_segment_bytes, max_segments};

const MIB: u64 = 1 << 20;

#[test]
fn sizes_around_the_boundaries() {
    use ApiVersion::{V1_1, V2};
    let cases: [(u64, ApiVersion, Option<u64>, u64, u16); 20] = [
        (1, V1_1, None, MIB, 1),
        (MIB - 1, V1_1, None, MIB, 1),
        (MIB, V1_1, None, MIB, 1),
        (MIB + 1, V1_1, None, MIB, 2),
        (4 * MIB, V2, None, MIB, 4),
        (4 * MIB + 1, V2, None, MIB + 1, 4),
        (10 * MIB, V2, None, 5 * MIB / 2, 4),
        (16 * MIB, V2, None, 4 * MIB, 4),
        (17 * MIB, V2, None, 4 * MIB, 5),
        (4000 * MIB, V1_1, None, 4 * MIB, 1000),
        (4000 * MIB + 1, V1_1, None, 4 * MIB + 1, 1000),
        (MAX_TOTAL_BYTES, V2, None, 4 * MIB, 4096),
        (1000, V1_1, Some(1), 1, 1000),
        (1001, V1_1, Some(1), 2, 501),
        (1001, V2, Some(1), 1, 1001),
        (10_001, V2, Some(1), 2, 5001),
        (10, V1_1, Some(3), 3, 4),
        (5_000_000_000, V1_1, None, 5_000_000, 1000),
        (10, V1_1, Some(5_000_000), 5_000_000, 1),
        (10, V2, Some(8_000_000), 8_000_000, 1),
    ];
    for (total_bytes, api, asked, segment_bytes, segments) in cases {
        let plan = Plan::new(total_bytes, api, asked, 4).unwrap();
        assert_eq!((plan.segment_bytes, plan.segments()), (segment_bytes, segments), "{total_bytes} {api:?} {asked:?}");
    }
}

#[test]
fn the_more_in_flight_the_smaller_the_segments() {
    let of = |concurrency| Plan::new(24 * MIB, ApiVersion::V2, None, concurrency).unwrap().segment_bytes;
    assert_eq!([1, 4, 8, 12, 24, 1000].map(of), [4 * MIB, 4 * MIB, 3 * MIB, 2 * MIB, MIB, MIB]);
}

#[test]
fn what_a_version_does_not_take() {
    assert!(Plan::new(5_000_000_001, ApiVersion::V1_1, None, 4).is_err());
    assert!(Plan::new(MAX_TOTAL_BYTES, ApiVersion::V2, None, 4).is_ok());
    assert!(Plan::new(10, ApiVersion::V1_1, Some(5_000_001), 4).is_err());
    assert!(Plan::new(10, ApiVersion::V2, Some(5_000_001), 4).is_ok());
    assert!(Plan::new(10, ApiVersion::V2, Some(8_000_001), 4).is_err());
    assert!(Plan::new(10, ApiVersion::V2, Some(0), 4).is_err());
}

proptest! {
    #[test]
    fn segments_follow_each_other_and_cover_the_file(
        total_bytes in prop_oneof![1..5000_u64, 1..=MAX_TOTAL_BYTES],
        asked in prop::option::of(prop_oneof![1..5000_u64, 1..=5_000_000_u64]),
        concurrency in 1..1000_usize,
    ) {
        let plan = Plan::new(total_bytes, ApiVersion::V2, asked, concurrency).unwrap();
        prop_assert!(u64::from(plan.segments()) <= max_segments(ApiVersion::V2));
        prop_assert!(plan.segment_bytes >= asked.unwrap_or(MIB));
        prop_assert!(plan.segment_bytes <= max_segment_bytes(ApiVersion::V2));
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
        let mut plan = Plan::new(total_bytes, ApiVersion::V2, Some(8_000_000), 4).unwrap();
        let mut rounds = 0;
        while let Some(smaller) = plan.halved() {
            prop_assert!(smaller.segment_bytes < plan.segment_bytes.min(total_bytes));
            prop_assert!(u64::from(smaller.segments()) <= max_segments(ApiVersion::V2));
            plan = smaller;
            rounds += 1;
        }
        prop_assert!(rounds <= 23);
    }
}
