//! What a file is by its first bytes, against what was declared.

use crate::mock::state::category::class_of;

/// The first bytes that are kept of media whose data is not.
pub(crate) const HEAD_LEN: usize = 64 * 1024;

/// The MIME type that the first bytes show, if they show one.
pub(crate) fn recognize(head: &[u8]) -> Option<&'static str> {
    if let Some(kind) = infer::get(head) {
        return Some(kind.mime_type());
    }
    // The crate knows the usual brands only; any `ftyp` box begins a file of this family.
    if head.get(4..8) == Some(b"ftyp".as_slice()) {
        return Some(if head.get(8..12) == Some(b"qt  ".as_slice()) { "video/quicktime" } else { "video/mp4" });
    }
    let transport_stream = head.first() == Some(&0x47) && head.get(188) == Some(&0x47);
    transport_stream.then_some("video/mp2t")
}

/// Whether the first bytes belong to another type than the declared one.
///
/// Bytes of no known type are accepted, so that a test may send any data as a video.
pub(crate) fn contradicts(head: &[u8], declared: &str) -> bool {
    recognize(head).is_some_and(|found| family(found) != family(declared))
}

/// One name for types that are written in several ways or share their container.
fn family(media_type: &str) -> &str {
    match media_type {
        "image/pjpeg" | "image/jpg" => "image/jpeg",
        "video/quicktime" | "video/x-m4v" | "video/3gpp" => "video/mp4",
        "video/x-matroska" => "video/webm",
        "application/zip" => "model/vnd.usdz+zip",
        other => other,
    }
}

/// Width and height of an image; zero where they are not known.
pub(crate) fn dimensions(head: &[u8]) -> (usize, usize) {
    imagesize::blob_size(head).map_or((0, 0), |size| (size.width, size.height))
}

/// The type of a file by its bytes, else the declared one if X takes it.
pub(crate) fn detect_type(head: &[u8], declared: Option<&str>) -> Option<&'static str> {
    recognize(head).or(declared).and_then(class_of).map(|(name, _)| name)
}
