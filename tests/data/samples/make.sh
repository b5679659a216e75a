#!/bin/sh
# Makes the samples beside it with ffmpeg 5 or newer (Debian: apt-get install ffmpeg). They are in the repository, so that
# tests need no ffmpeg; run it again after adding one. good_* are files of the shapes that cameras and programs write;
# every other one is named after the rule that it breaks.
set -eu
cd "$(dirname "$0")"
find . -type f ! -name make.sh -delete

run() { ffmpeg -hide_banner -loglevel error -nostdin -y "$@"; }
video() { printf 'testsrc2=size=%s:rate=%s:duration=%s' "$1" "$2" "$3"; }
small() { video 96x64 "${1:-10}" 1; }
sound() { printf 'sine=frequency=440:sample_rate=%s:duration=%s' "${1:-48000}" "${2:-1}"; }
h264='-c:v libx264 -preset veryfast -crf 40 -threads 1 -pix_fmt yuv420p -map_metadata -1 -fflags +bitexact -flags:v +bitexact'
aac='-c:a aac -b:a 32k -flags:a +bitexact'

# Good ones.
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" $h264 $aac good_moov_last.mp4
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" $h264 $aac -movflags +faststart good_faststart.mp4
run -f lavfi -i "$(small)" $h264 good_silent.mp4
run -f lavfi -i "$(small)" -f lavfi -i "$(sound 44100)" $h264 $aac -ac 1 good_mono.mp4
run -f lavfi -i "$(small 24)" $h264 good_24fps.mp4
run -f lavfi -i "$(small 30000/1001)" $h264 good_29_97fps.mp4
run -f lavfi -i "$(small 50)" $h264 good_50fps.mp4
run -f lavfi -i "$(small 60000/1001)" $h264 good_59_94fps.mp4
run -f lavfi -i "$(small 60)" $h264 -video_track_timescale 1000 good_60fps_in_milliseconds.mp4
run -i good_moov_last.mp4 -c copy -metadata:s:v:0 rotate=270 good_phone_turned.mp4
run -f lavfi -i "$(video 64x96 10 1)" -f lavfi -i "$(sound)" $h264 $aac good_portrait.mov
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" $h264 $aac -timecode 01:00:00:00 good_camera_timecode.mov
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" $h264 $aac -brand XAVC good_camera_brand.mp4
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" $h264 $aac -g 5 -movflags frag_keyframe+empty_moov+default_base_moof good_fragments.mp4
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" $h264 $aac -g 5 -movflags frag_keyframe good_fragments_after_samples.mp4
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" $h264 $aac -g 5 -movflags dash+global_sidx good_fragments_dash.mp4
run -f lavfi -i "$(video 96x64 30 1)" -f lavfi -i "$(video 96x64 10 1)" -filter_complex '[0:v][1:v]concat=n=2:v=1[v]' -map '[v]' -vsync vfr $h264 good_variable_rate.mp4
run -itsoffset 0.5 -i good_moov_last.mp4 -i good_moov_last.mp4 -map 0:v -map 1:a -c copy good_edit_list_delay.mp4
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" $h264 $aac -use_editlist 0 good_no_edit_list.mp4
run -f lavfi -i "$(small)" $h264 -profile:v baseline good_baseline.mp4
run -f lavfi -i "$(small)" $h264 -g 1 good_all_key_frames.mp4
run -f lavfi -i "$(video 94x62 10 1)" $h264 good_cropped.mp4
printf '1\n00:00:00,000 --> 00:00:01,000\nHello\n' > good_subtitles.srt
printf 'WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n' > good_subtitles.vtt
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" -i good_subtitles.srt -map 0 -map 1 -map 2 $h264 $aac -c:s mov_text good_text_track.mp4
run -f lavfi -i color=red:size=64x48 -frames:v 1 good_image.jpg
run -f lavfi -i color=red:size=64x48 -frames:v 1 good_image.png
run -f lavfi -i color=red:size=64x48 -frames:v 1 -c:v libwebp good_image.webp
run -i good_moov_last.mp4 -i good_image.jpg -map 0 -map 1 -c copy -disposition:v:1 attached_pic good_cover.mp4
run -f lavfi -i "$(video 64x48 10 1)" good_animated.gif
run -f lavfi -i "$(video 64x48 10 1)" -frames:v 1 good_still.gif

# One rule each.
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" $h264 -pix_fmt yuv444p $aac chroma_444.mp4
run -f lavfi -i "$(small)" $h264 -pix_fmt yuv422p chroma_422.mp4
run -f lavfi -i "$(small)" $h264 -pix_fmt yuv420p10le bit_depth.mp4
run -f lavfi -i "$(small 20)" -vf interlace $h264 -flags +ilme+ildct scan.mp4
run -f lavfi -i "$(small)" -vf setsar=3/2 $h264 pixel_aspect.mp4
run -f lavfi -i "$(video 96x64 30 2)" $h264 -x264-params open-gop=1:keyint=15:bframes=3 open_gop.mp4
run -f lavfi -i color=black:size=64x48:rate=60:duration=9 $h264 -x264-params keyint=infinite:scenecut=0 gop_frames.mp4
run -f lavfi -i color=black:size=64x48:rate=60:duration=9 $h264 -x264-params keyint=infinite:scenecut=0 -movflags frag_every_frame+empty_moov -frag_duration 1000000 gop_frames_fragments.mp4
run -f lavfi -i "$(small 120)" $h264 frame_rate.mp4
run -f lavfi -i "$(video 96x64 15 4)" -f lavfi -i "$(video 96x64 100 1)" -filter_complex '[0:v][1:v]concat=n=2:v=1[v]' -map '[v]' -vsync vfr $h264 frame_rate_burst.mp4
run -f lavfi -i "$(video 60x24 10 1)" $h264 dimensions.mp4
run -f lavfi -i color=black:size=2048x1024:rate=5:duration=1 $h264 dimensions_large.mp4
run -f lavfi -i "$(video 200x40 10 1)" $h264 aspect_ratio.mp4
run -f lavfi -i "$(small)" -f lavfi -i "$(sound 8000)" $h264 -c:a pcm_s16le audio_codec_pcm.mov
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" $h264 -c:a libmp3lame -b:a 32k audio_codec_mp3.mp4
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" $h264 -c:a ac3 -b:a 64k audio_codec_ac3.mp4
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" $h264 -c:a libopus -b:a 32k -strict -2 audio_codec_opus.mp4
run -f lavfi -i "$(small)" -f lavfi -i anullsrc=channel_layout=5.1:sample_rate=48000:duration=1 $h264 $aac -t 1 audio_channels.mp4
# ffmpeg has no encoder of its own for HE-AAC: the flag that announces it is set.
python3 - <<'PYTHON'
data = open("good_moov_last.mp4", "rb").read()
at = data.index(bytes.fromhex("56e500"))
open("audio_profile.mp4", "wb").write(data[:at] + bytes.fromhex("56e580") + data[at + 3:])
PYTHON
run -f lavfi -i "$(small)" -c:v libx265 -preset ultrafast -x265-params log-level=0 -crf 40 -pix_fmt yuv420p -tag:v hvc1 video_codec_hevc.mp4
run -f lavfi -i "$(small)" -c:v libx265 -preset ultrafast -x265-params log-level=0 -crf 40 -pix_fmt yuv420p10le bit_depth_hevc.mp4
run -f lavfi -i "$(small)" -c:v libsvtav1 -preset 12 -crf 60 video_codec_av1.mp4 2>/dev/null
run -f lavfi -i "$(small)" -c:v mpeg4 -q:v 20 video_codec_mpeg4.mp4
run -f lavfi -i "$(small)" -c:v mjpeg -q:v 20 video_codec_mjpeg.mov
run -f lavfi -i "$(video 64x48 5 1)" -c:v prores_ks -profile:v 0 chroma_prores.mov
run -f lavfi -i "$(small)" -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 50k container_vp9.webm
run -f lavfi -i "$(small)" -c:v libvpx-vp9 -pix_fmt yuv444p -b:v 20k -map_metadata -1 -fflags +bitexact chroma_vp9.webm
run -f lavfi -i "$(small)" -c:v libvpx-vp9 -pix_fmt yuv420p10le -b:v 20k -map_metadata -1 -fflags +bitexact bit_depth_vp9.webm
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" -c:v libvpx -deadline realtime -cpu-used 8 -b:v 50k -c:a libopus -b:a 32k container_vp8_opus.webm
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" $h264 $aac container.mkv
run -f lavfi -i "$(small)" -c:v mpeg4 -q:v 20 container.avi
run -f lavfi -i "$(small)" -f lavfi -i "$(sound)" $h264 $aac container.ts
run -f lavfi -i "$(video 96x64 10 0.3)" $h264 duration_short.mp4
run -f lavfi -i color=black:size=64x48:rate=1:duration=31 $h264 -x264-params keyint=30 -movflags +faststart duration_31s.mp4
run -f lavfi -i color=black:size=32x32:rate=1/60:duration=1260 $h264 duration_21min.mp4
run -f lavfi -i color=black:size=32x32:rate=1/60:duration=7560 $h264 duration_126min.mp4
run -f lavfi -i "$(sound)" $aac video_track.mp4
run -f lavfi -i "$(video 32x24 25 15)" gif_frames.gif
run -f lavfi -i color=red:size=1400x600:rate=10:duration=0.6 gif_dimensions.gif
run -f lavfi -i color=red:size=1000x1000:rate=10:duration=31 gif_pixels.gif
run -f lavfi -i color=red:size=64x48 -frames:v 1 image_format.bmp
run -f lavfi -i color=red:size=64x48 -frames:v 1 image_format.tiff
run -f lavfi -i "$(video 64x48 10 0.5)" -c:v libwebp_anim -loop 0 animated_webp.webp
python3 - <<'PYTHON'
def cut(name, source, keep):
    data = open(source, "rb").read()
    open(name, "wb").write(data[: keep(data)])

cut("truncated_mdat.mp4", "good_faststart.mp4", lambda data: len(data) - 500)
cut("truncated_moov.mp4", "good_moov_last.mp4", lambda data: len(data) - 500)
cut("truncated_fragment.mp4", "good_fragments.mp4", lambda data: data.rindex(b"moof") + 2000)
cut("truncated.webm", "container_vp9.webm", lambda data: len(data) - 500)
cut("truncated.gif", "good_animated.gif", lambda data: len(data) - 500)
cut("index.mp4", "good_moov_last.mp4", lambda data: data.index(b"moov") - 4)
cut("unknown_20_bytes.mp4", "good_moov_last.mp4", lambda data: 20)

data = bytearray(open("good_moov_last.mp4", "rb").read())
at = data.index(b"avcC")
data[at + 4] = 9
open("configuration.mp4", "wb").write(data)

# Bytes between two blocks of a GIF, as some old programs write.
data = open("good_animated.gif", "rb").read()
at = data.index(b"\x00\x21\xf9", 1000) + 1
open("gif_blocks.gif", "wb").write(data[:at] + bytes(3) + data[at:])
PYTHON

# The clip that comes with the package, for `xmedia demo` and `xmedia conformance`.
run -f lavfi -i testsrc=size=320x180:rate=24:duration=3 -f lavfi -i "$(sound 44100 3)" -c:v libx264 -preset veryslow -pix_fmt yuv420p \
    -crf 36 -c:a aac -b:a 16k -movflags +faststart -map_metadata -1 -metadata title='xmedia demo clip' -fflags +bitexact \
    -flags +bitexact ../../../python/xmedia/testing/clip.mp4
ls | wc -l
du -cb * | tail -1
