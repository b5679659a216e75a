//! Tags of music (ID3v2), which some programs put before files that are not music.

/// Where the file itself begins, if a tag stands before it.
pub fn end_of_tag(head: &[u8]) -> Option<u64> {
    const FOOTER: u8 = 0x10;
    const FRAME: u64 = 10;
    let [b'I', b'D', b'3', _, _, flags, length @ ..] = *head.first_chunk::<10>()? else { return None };
    let length = length.iter().fold(0, |length, byte| length << 7 | u64::from(byte & 0x7f));
    Some(if flags & FOOTER == 0 { FRAME + length } else { FRAME + length + FRAME })
}
