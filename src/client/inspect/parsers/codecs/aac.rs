//! The configuration of AAC, which says the profile and the channels where the container says neither rightly.

use super::bits::Bits;

/// What an AudioSpecificConfig says (ISO/IEC 14496-3, 1.6.2.1).
#[derive(Debug, Default, PartialEq)]
pub(in crate::client::inspect::parsers) struct Aac {
    object_type: u32,
    spectral_replication: bool,
    parametric_stereo: bool,
    pub(in crate::client::inspect::parsers) channels: Option<u32>,
    pub(in crate::client::inspect::parsers) sample_rate: Option<u32>,
}

const SBR: u32 = 5;
const PARAMETRIC_STEREO: u32 = 29;
/// Marks an extension that old decoders pass over.
const SYNC_SBR: u32 = 0x2b7;
const SYNC_PS: u32 = 0x548;

impl Aac {
    /// Reads it; `None` if it ends too early.
    pub(in crate::client::inspect::parsers) fn read(config: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(config);
        let mut aac = Aac { object_type: object_type(&mut bits)?, ..Aac::default() };
        aac.sample_rate = sample_rate(&mut bits)?;
        let channels = bits.take(4)?;
        if aac.object_type == SBR || aac.object_type == PARAMETRIC_STEREO {
            aac.spectral_replication = true;
            aac.parametric_stereo = aac.object_type == PARAMETRIC_STEREO;
            aac.sample_rate = sample_rate(&mut bits)?.or(aac.sample_rate);
            aac.object_type = object_type(&mut bits)?;
        }
        let listed = (channels == 0).then(|| listed_channels(aac.object_type, &mut bits)).flatten();
        if !aac.spectral_replication {
            aac.read_implicit(&mut bits);
        }
        aac.channels = match channels {
            0 => listed,
            1 if aac.parametric_stereo => Some(2),
            1..=6 => Some(channels),
            7 | 12 | 14 => Some(8),
            11 => Some(7),
            _ => None,
        };
        Some(aac)
    }

    /// Looks for the extension that may stand behind what old decoders read.
    fn read_implicit(&mut self, bits: &mut Bits) {
        while let Some(next) = bits.peek(11) {
            if next != SYNC_SBR {
                bits.skip(1);
                continue;
            }
            bits.skip(11);
            if object_type(bits) == Some(SBR) && bits.take(1) == Some(1) {
                self.spectral_replication = true;
                if let Some(rate) = sample_rate(bits) {
                    self.sample_rate = rate.or(self.sample_rate);
                }
                self.parametric_stereo = bits.take(11) == Some(SYNC_PS) && bits.take(1) == Some(1);
            }
            return;
        }
    }

    /// ffprobe's name for the profile.
    pub(in crate::client::inspect::parsers) fn profile(&self) -> Option<&'static str> {
        if self.parametric_stereo {
            return Some("HE-AACv2");
        }
        if self.spectral_replication {
            return Some("HE-AAC");
        }
        match self.object_type {
            1 => Some("Main"),
            2 => Some("LC"),
            3 => Some("SSR"),
            4 => Some("LTP"),
            23 => Some("LD"),
            39 => Some("ELD"),
            42 => Some("xHE-AAC"),
            _ => None,
        }
    }
}

/// The channels of a configuration that lists them instead of naming a usual arrangement (4.4.1 and 4.5.1.2).
fn listed_channels(object_type: u32, bits: &mut Bits) -> Option<u32> {
    const GENERAL_AUDIO: [u32; 11] = [1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22];
    GENERAL_AUDIO.contains(&object_type).then_some(())?;
    // The length of a frame, whether it depends on a core coder, whether there is an extension.
    bits.take(1)?;
    if bits.take(1)? == 1 {
        bits.take(14)?;
    }
    bits.take(1 + 4 + 2 + 4)?;
    let elements = bits.take(4)? + bits.take(4)? + bits.take(4)?;
    let low = bits.take(2)?;
    bits.take(3 + 4)?;
    // Three mixes to fewer channels, each after a bit that says whether it is there.
    for width in [4, 4, 3] {
        if bits.take(1)? == 1 {
            bits.take(width)?;
        }
    }
    let mut channels = low;
    for _ in 0..elements {
        channels += 1 + bits.take(1)?;
        bits.take(4)?;
    }
    Some(channels)
}

fn object_type(bits: &mut Bits) -> Option<u32> {
    match bits.take(5)? {
        31 => Some(32 + bits.take(6)?),
        plain => Some(plain),
    }
}

/// The sampling rate, if its number means one.
fn sample_rate(bits: &mut Bits) -> Option<Option<u32>> {
    const RATES: [u32; 13] =
        [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
    match bits.take(4)? {
        15 => bits.take(24).map(Some),
        index => Some(usize::try_from(index).ok().and_then(|index| RATES.get(index)).copied()),
    }
}
