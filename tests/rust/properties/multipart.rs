//! The mock server's multipart reader: no panic, every part's bytes stand in the body, and written parts are read.

use bytes::Bytes;

#[path = "../../../src/mock/api/multipart.rs"]
mod reader;

/// What a fuzzer makes up.
pub type Input<'a> = (&'a str, &'a [u8]);

/// Fails where one of them does not hold.
pub fn hold(input: Input<'_>) {
    let (content_type, data) = input;
    let body = Bytes::copy_from_slice(data);
    if let Some(boundary) = reader::boundary(content_type) {
        let _ = reader::parts(&body, &boundary);
    }
    for part in reader::parts(&body, "x") {
        assert!(part.data.is_empty() || body.windows(part.data.len()).any(|window| window == part.data));
    }
    // Any bytes without the boundary come back as they were written.
    let boundary = "a-boundary-that-no-fuzzer-guesses-5d1f";
    if memchr::memmem::find(data, boundary.as_bytes()).is_none() {
        let mut written =
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"media\"\r\n\r\n").into_bytes();
        written.extend_from_slice(data);
        written.extend_from_slice(format!("\r\n--{boundary}--").as_bytes());
        let parts = reader::parts(&Bytes::from(written), boundary);
        assert_eq!(1, parts.len());
        assert_eq!("media", parts[0].name);
        assert_eq!(data, &parts[0].data[..]);
        assert_eq!(None, parts[0].content_type);
    }
}
