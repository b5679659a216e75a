//! What a file is: no panic and bounded reading, whatever it says of itself, and a report that can be written down.

use std::io;
use std::time::{Duration, Instant};

use xmedia::client::inspect::facts::Unknown;
use xmedia::client::inspect::reader::{MAX_DATA, MAX_INDEX};
use xmedia::client::inspect::{CheckOptions, ReadBytes, Report, inspect};

/// Counts what is read.
pub struct Counted<R> {
    /// What is read from.
    pub inner: R,
    /// How many bytes were read.
    pub read: u64,
}

impl<R: ReadBytes> ReadBytes for Counted<R> {
    fn total_bytes(&self) -> u64 {
        self.inner.total_bytes()
    }

    fn read_some(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read_some(offset, buffer)?;
        self.read += got as u64;
        Ok(got)
    }
}

/// Fails where one of them does not hold.
pub fn hold(input: &[u8]) {
    let mut bytes = Counted { inner: input, read: 0 };
    let began = Instant::now();
    let inspection = inspect(&mut bytes, None).unwrap();
    assert!(began.elapsed() < Duration::from_secs(3), "it took {:?}", began.elapsed());
    assert_ne!(Some(Unknown::Parser), inspection.unknown, "a parser panicked");
    assert!(bytes.read <= MAX_DATA + MAX_INDEX + MAX_INDEX / 4);
    for category in [None, Some("tweet_video"), Some("tweet_gif"), Some("")] {
        let options = CheckOptions { media_category: category.map(str::to_owned), account: None };
        let report = Report::of(&inspection, &options);
        assert_eq!(report.ok(), report.summary(None).is_none());
        assert!(!report.ok() || report.fix.is_none());
        serde_json::to_string(&report.to_value()).unwrap();
    }
}
