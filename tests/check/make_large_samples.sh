#!/bin/sh
# Makes larger samples with ffmpeg in the folder that is given, for against_ffprobe.py.
set -eu
mkdir -p "$1"
cd "$1"
F="ffmpeg -hide_banner -loglevel error -nostdin -y"
V="-f lavfi -i testsrc2=size=640x360:rate=30:duration=3"
A="-f lavfi -i sine=frequency=440:sample_rate=48000:duration=3"
X="-c:v libx264 -preset ultrafast -threads 1 -profile:v high -pix_fmt yuv420p"
AC="-c:a aac -b:a 96k -ac 2"
run() { "$@"; }
run $F $V $A -c:v libx264 -preset veryfast -pix_fmt yuv420p $AC -movflags +faststart 01_h264_420_fast.mp4
run $F $V $A -c:v libx264 -preset veryfast -pix_fmt yuv420p $AC 02_h264_moov_end.mp4
run $F $V $A -c:v libx264 -preset veryfast -pix_fmt yuv444p $AC 03_h264_444.mp4
run $F $V $A -c:v libx264 -preset veryfast -pix_fmt yuv422p $AC 04_h264_422.mp4
run $F $V $A -c:v libx264 -preset veryfast -pix_fmt yuv420p10le $AC 05_h264_hi10.mp4
run $F $V $A -c:v libx265 -preset ultrafast -x265-params log-level=0 -tag:v hvc1 -pix_fmt yuv420p $AC 06_hevc_hvc1.mp4
run $F $V $A -c:v libx265 -preset ultrafast -x265-params log-level=0 -pix_fmt yuv420p10le $AC 07_hevc_hev1_main10.mp4
run $F $V $A -c:v libsvtav1 -preset 12 $AC 08_av1.mp4 2>/dev/null
run $F -f lavfi -i testsrc2=size=640x360:rate=30:duration=2 -f lavfi -i testsrc2=size=640x360:rate=10:duration=2 -filter_complex "[0:v][1:v]concat=n=2:v=1[v]" -map "[v]" -vsync vfr -c:v libx264 -preset veryfast -pix_fmt yuv420p 09_vfr.mp4
run $F $V $A -c:v libx264 -preset veryfast -g 15 -pix_fmt yuv420p $AC -movflags frag_keyframe+empty_moov+default_base_moof 10_frag_empty_moov.mp4
run $F $V $A -c:v libx264 -preset veryfast -g 15 -pix_fmt yuv420p $AC -movflags frag_keyframe 11_frag_keyframe.mp4
run $F $V $A -c:v libx264 -preset veryfast -g 15 -pix_fmt yuv420p $AC -movflags dash+global_sidx 12_frag_sidx.mp4
run $F -i 02_h264_moov_end.mp4 -c copy -metadata:s:v:0 rotate=90 13_rot90.mp4
run $F -itsoffset 1.5 -i 02_h264_moov_end.mp4 -i 02_h264_moov_end.mp4 -map 0:v -map 1:a -c copy 14_editlist_delay.mp4
run $F -ss 1 -i 02_h264_moov_end.mp4 -c copy -avoid_negative_ts make_zero 15_editlist_cut.mp4
run $F -ss 1.3 -i 02_h264_moov_end.mp4 -c copy -avoid_negative_ts disabled 16_editlist_cut_neg.mp4
run $F $V $X -an 17_noaudio.mp4
run $F $V $A $X -c:a pcm_s16le 18_pcm.mov
run $F -f lavfi -i testsrc2=size=640x360:rate=60:duration=3 $A $X $AC 19_60fps.mp4
run $F -f lavfi -i testsrc2=size=640x360:rate=120:duration=2 $X 20_120fps.mp4
run $F -f lavfi -i testsrc2=size=640x360:rate=30000/1001:duration=3 $A $X $AC 21_2997.mp4
run $F -f lavfi -i testsrc2=size=3840x2160:rate=30:duration=1 $X 22_4k.mp4
run $F -f lavfi -i testsrc2=size=128x72:rate=10:duration=600 -f lavfi -i sine=sample_rate=48000:duration=600 $X $AC 23_10min.mp4
run $F $V -f lavfi -i anullsrc=channel_layout=5.1:sample_rate=48000:duration=3 $X -c:a aac -b:a 256k -t 3 24_aac51.mp4
run $F -f lavfi -i testsrc2=size=640x360:rate=50:duration=3 -vf "interlace,setfield=tff" -c:v libx264 -preset veryfast -flags +ilme+ildct -pix_fmt yuv420p 25_interlaced.mp4
run $F $V -vf setsar=2/1 $X 26_sar2.mp4
run $F $V -c:v libx264 -preset veryfast -pix_fmt yuv420p -x264-params open-gop=1:keyint=15:bframes=3 27_opengop.mp4
run $F -f lavfi -i testsrc2=size=640x360:rate=30:duration=25 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -x264-params keyint=infinite:scenecut=0 28_long_gop.mp4
run $F $V $A -c:v mpeg4 $AC 29_mpeg4p2.mp4
run $F $V $A -c:v prores_ks 30_prores.mov -c:a pcm_s16le
run $F $V $A -c:v mjpeg -c:a aac 31_mjpeg.mov
run $F $V $A $X -c:a libmp3lame 32_mp3.mp4
run $F $V $A $X -c:a ac3 33_ac3.mp4
run $F $V $A $X -c:a libopus -strict -2 34_opus.mp4
run $F $V $A $X $AC -timecode 01:00:00:00 35_tmcd.mov
printf '1\n00:00:00,000 --> 00:00:02,000\nhi\n' > s.srt
run $F $V $A -i s.srt -map 0 -map 1 -map 2 $X $AC -c:s mov_text 36_movtext.mp4
run $F -f lavfi -i color=red:size=320x240 -frames:v 1 cover.jpg
run $F -i 02_h264_moov_end.mp4 -i cover.jpg -map 0 -map 1 -c copy -disposition:v:1 attached_pic 37_cover.mp4
run $F $V -f lavfi -i testsrc=size=320x240:rate=30:duration=3 -map 0 -map 1 $X 38_two_video.mp4
run $F -f lavfi -i testsrc2=size=34x32:rate=30:duration=1 $X 39_tiny.mp4
run $F -f lavfi -i testsrc2=size=640x360:rate=30 -frames:v 1 $X 40_oneframe.mp4
run $F $A $AC 41_audioonly.m4a
run $F $V $X -profile:v high -level 3.1 -bf 0 42_nobframes.mp4
run $F $V $A -c:v libx264 -preset ultrafast -profile:v baseline -pix_fmt yuv420p $AC 43_baseline.mp4
run $F $V -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 500k 44_vp9.webm
run $F $V $A -c:v libvpx -deadline realtime -cpu-used 8 -b:v 500k -c:a libopus 45_vp8_opus.webm
run $F $V $A $X $AC 46_h264.mkv
run $F $V $A $X $AC 47_h264.ts
run $F $V $A $X $AC 48_mov.mov
run $F -f lavfi -i testsrc2=size=320x240:rate=10:duration=3 49_anim.gif
run $F -f lavfi -i testsrc2=size=320x240:rate=10 -frames:v 1 50_static.gif
run $F -f lavfi -i testsrc2=size=64x64:rate=25:duration=16 51_400frames.gif
run $F $V $A $X $AC -movflags use_metadata_tags -metadata foo=bar -brand mp42 52_meta.mp4
run $F $V $A $X $AC -write_tmcd 0 -use_editlist 0 53_no_editlist.mp4
run $F -f lavfi -i testsrc2=size=640x360:rate=30:duration=3 -pix_fmt yuvj420p -c:v libx264 -preset ultrafast -color_range pc 54_fullrange.mp4
run $F -f lavfi -i testsrc2=size=1918x1078:rate=30:duration=1 $X 55_crop.mp4
S=$(stat -c %s 01_h264_420_fast.mp4); head -c $((S/2)) 01_h264_420_fast.mp4 > 60_trunc_mdat.mp4
S=$(stat -c %s 02_h264_moov_end.mp4); head -c $((S/2)) 02_h264_moov_end.mp4 > 61_trunc_nomoov.mp4
head -c $((S-1000)) 02_h264_moov_end.mp4 > 62_trunc_in_moov.mp4
head -c 20 01_h264_420_fast.mp4 > 63_trunc_20bytes.mp4
: > 64_empty.mp4
head -c 100000 /dev/urandom > 65_random.mp4
S=$(stat -c %s 10_frag_empty_moov.mp4); head -c $((S/2)) 10_frag_empty_moov.mp4 > 66_trunc_frag.mp4
run $F $V -vf setsar=4/3 -aspect 64:27 $X 70_anamorphic.mp4
run $F -f lavfi -i testsrc2=size=720x576:rate=25:duration=2 -vf setsar=16/15 $X 71_pal.mp4
run $F $V $A $X $AC -ar 44100 -ac 1 72_mono_44100.mp4
run $F -f lavfi -i testsrc2=size=1080x1920:rate=30:duration=1 $A $X $AC -t 1 73_portrait.mp4
run $F $V $X -profile:v main -bf 2 74_main.mp4
run $F $V -c:v libx264 -preset veryfast -pix_fmt yuv420p -x264-params open-gop=1:keyint=30:bframes=2 75_open_gop.mov
run $F $V $A $X $AC -movflags frag_every_frame+empty_moov 76_frag_every_frame.mp4
run $F -f lavfi -i testsrc2=size=640x360:rate=24000/1001:duration=3 $A $X $AC 77_23976.mov
