//! Rules for the sound.

use super::breach::{Breach, breach};
use super::subject::Subject;

fn is_webm_sound(subject: &Subject, codec: &str) -> bool {
    subject.container() == Some("webm") && matches!(codec, "opus" | "vorbis")
}

pub(super) fn audio_codec(subject: &Subject) -> Option<Breach> {
    let codec = subject.audio()?.codec.as_deref().filter(|codec| *codec != "aac")?;
    (!is_webm_sound(subject, codec)).then_some(())?;
    breach(codec, "aac", format!("the audio codec is {codec}, and X takes AAC only"))
}

pub(super) fn webm_audio_codec(subject: &Subject) -> Option<Breach> {
    let codec = subject.audio()?.codec.as_deref().filter(|codec| is_webm_sound(subject, codec))?;
    breach(codec, "aac", format!("the audio codec is {codec}, and X documents AAC only"))
}

pub(super) fn audio_profile(subject: &Subject) -> Option<Breach> {
    let audio = subject.audio().filter(|audio| audio.codec.as_deref() == Some("aac"))?;
    let profile = audio.profile.as_deref().filter(|profile| *profile != "LC")?;
    breach(profile, "LC", format!("the audio is AAC of profile {profile}, and X takes LC only"))
}

pub(super) fn audio_channels(subject: &Subject) -> Option<Breach> {
    let channels = subject.audio()?.channels.filter(|channels| *channels > 2)?;
    let message = format!("the audio has {channels} channels, and X takes mono and stereo only");
    breach(channels.to_string(), "1 or 2", message)
}
