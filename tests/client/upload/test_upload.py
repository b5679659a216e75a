"""Uploading: every byte arrives, in segments, in any weather, and what comes after."""

import time

import pytest
import xmedia
from support.media import JPEG, MP4, PNG, gif, video, webp
from xmedia.testing import Fault, MockServer, Reply

SEGMENT = 4096


def only(server):
    """The one upload that was finalized."""
    (media,) = [media for media in map(server.media, ids(server)) if media.finalized]
    return media


def ids(server):
    return {request.media_id for request in server.requests if request.media_id}


@pytest.mark.parametrize(
    "size",
    [len(MP4), SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, 5 * SEGMENT + 7],
)
def test_every_byte_arrives(server, connect, call, api, size):
    data = video(size)
    media = call(connect(server, api=api), "upload", data, segment_bytes=SEGMENT)
    assert media.ready
    assert server.media(media.media_id).data == data
    assert server.commands.count("APPEND") == -(-size // SEGMENT)


@pytest.mark.parametrize("size", [999, 1000, 1001])
def test_a_thousand_segments_are_the_most(server, connect, size):
    data = video(size)
    media = connect(server).upload(data, segment_bytes=1, concurrency=16)
    assert server.media(media.media_id).data == data
    assert server.commands.count("APPEND") == (size if size <= 1000 else 501)


def test_a_byte_and_no_byte(server, connect, call):
    options = {"media_type": "video/mp4", "media_category": "tweet_video"}
    media = call(connect(server), "upload", b"x", **options)
    assert server.media(media.media_id).data == b"x"
    with pytest.raises(xmedia.InvalidInputError, match="empty"):
        call(connect(server), "upload", b"", **options)


@pytest.mark.parametrize("concurrency", range(1, 17))
def test_segments_in_flight_and_a_fault_on_each(server, connect, concurrency):
    data = video(12 * 512 + 100)
    server.script("APPEND", *[Fault.reset(), Reply(503), Fault.reset(after=True), None] * 6)
    client = connect(server, retry=xmedia.Retry(attempts=12, base_delay=0.001, max_delay=0.005))
    media = client.upload(data, segment_bytes=512, concurrency=concurrency)
    assert server.media(media.media_id).data == data


@pytest.mark.parametrize(
    ("file", "media_type", "category", "commands"),
    [
        (video(500), "video/mp4", "tweet_video", ["INIT", "APPEND", "FINALIZE", "STATUS", "STATUS"]),
        (gif(2), "image/gif", "tweet_gif", ["INIT", "APPEND", "FINALIZE", "STATUS", "STATUS"]),
        (gif(2, 600_000), "image/gif", "tweet_gif", ["INIT", "APPEND", "FINALIZE", "STATUS", "STATUS"]),
        (gif(1), "image/gif", "tweet_image", ["SIMPLE"]),
        (gif(1, 600_000), "image/gif", "tweet_image", ["SIMPLE"]),
        (PNG, "image/png", "tweet_image", ["SIMPLE"]),
        (JPEG, "image/jpeg", "tweet_image", ["SIMPLE"]),
        (webp(animated=False), "image/webp", "tweet_image", ["SIMPLE"]),
    ],
)
def test_the_first_bytes_say_what_it_is(server, connect, api, file, media_type, category, commands):
    media = connect(server, api=api).upload(file)
    record = server.media(media.media_id)
    assert (record.media_type, record.media_category, record.data) == (media_type, category, file)
    assert server.commands == commands


@pytest.mark.parametrize(("name", "media_type"), [("a.srt", "text/srt"), ("a.VTT", "text/vtt")])
def test_text_is_known_by_its_name(server, connect, tmp_path, name, media_type):
    path = tmp_path / name
    path.write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    record = server.media(connect(server).upload(path).media_id)
    assert (record.media_type, record.media_category) == (media_type, "subtitles")


def test_what_nobody_knows_has_to_be_said(server, connect):
    with pytest.raises(xmedia.InvalidInputError, match="media_type="):
        connect(server).upload(b"what is this")
    with pytest.raises(xmedia.InvalidInputError, match="media_category="):
        connect(server).upload(b"glTF and so on")
    assert server.commands == []


@pytest.mark.parametrize(("size", "command"), [(5_000_000, "SIMPLE"), (5_000_001, "INIT")])
def test_an_image_of_at_most_five_million_bytes_goes_in_one_request(call, server, connect, size, command):
    media = call(connect(server), "upload", PNG + bytes(size - len(PNG)), check="off")
    assert server.commands[0] == command
    assert server.media(media.media_id).size == size


def test_an_image_in_segments(server, connect):
    client = connect(server)
    media = client.upload(PNG, chunked=True)
    assert server.commands == ["INIT", "APPEND", "FINALIZE"]
    assert server.media(media.media_id).data == PNG
    with pytest.raises(xmedia.InvalidInputError, match="chunked"):
        client.upload(video(100), chunked=False)


def test_dm_categories_shared_and_owners_are_sent_only_when_given(server, connect, api):
    client = connect(server, api=api)
    plain = server.media(client.upload(video(100)).media_id)
    assert (plain.shared, plain.additional_owners) == (False, ())
    media = client.upload(video(100), media_category="dm_video", shared=True, additional_owners=[5, "6"])
    record = server.media(media.media_id)
    assert (record.media_category, record.shared, record.additional_owners) == ("dm_video", True, ("5", "6"))


@pytest.mark.parametrize(
    ("file", "refused"),
    [(PNG + bytes(5 << 20), "images"), (gif(2) + bytes(15 << 20), "animated GIFs")],
)
def test_what_no_account_may_send_is_refused_here(server, connect, file, refused):
    client = connect(server)
    with pytest.raises(xmedia.InvalidInputError, match=refused):
        client.upload(file)
    assert server.commands == []
    server.script("INIT", Reply(400))
    with pytest.raises(xmedia.BadRequestError):
        client.upload(file, check="off")


def test_too_large_a_segment_starts_the_upload_over_with_half(connect, call, api):
    data = video(40_000)
    with MockServer(max_segment_bytes=6_000, check_after_secs=0.01) as server:
        media = call(connect(server, api=api), "upload", data, segment_bytes=20_000)
        record = server.media(media.media_id)
    assert record.data == data
    assert set(record.segments.values()) == {5_000}
    assert server.commands.count("INIT") == 3


def test_who_asks_for_one_request_gets_no_segments(server, connect, call):
    server.script("SIMPLE", Reply(413))
    with pytest.raises(xmedia.PayloadTooLargeError):
        call(connect(server), "upload", PNG, chunked=False)
    assert server.commands == ["SIMPLE"]


def test_when_a_thousand_segments_do_not_suffice_the_error_names_both_limits(connect):
    names_both = pytest.raises(xmedia.PayloadTooLargeError, match=r"21 bytes are too large .* 20001 bytes .* 1000")
    with MockServer(max_segment_bytes=10) as server, names_both:
        connect(server).upload(video(20_001))


def test_segments_of_v1_1_are_at_most_five_million_bytes(server, connect):
    with pytest.raises(xmedia.InvalidInputError, match="5000000"):
        connect(server).upload(video(100), segment_bytes=5_000_001)


def test_fewer_segments_fly_after_one_timed_out(server, connect):
    server.script("APPEND", Fault.hang(), Fault.hang())
    client = connect(server, request_timeout=0.3)
    media = client.upload(video(8 * 512), segment_bytes=512, concurrency=4, trace=True)
    assert server.media(media.media_id).data == video(8 * 512)
    assert [event.error is not None for event in media.trace].count(True) == 2


def test_attempts_that_time_out_together_leave_room_for_half_as_many(server, connect):
    server.script("APPEND", *[Fault.hang()] * 8)
    client = connect(server, request_timeout=0.5, retry=xmedia.Retry(attempts=9, base_delay=0.001, max_delay=0.01))
    media = client.upload(video(16 * 512), segment_bytes=512, concurrency=4, trace=True)
    assert server.media(media.media_id).data == video(16 * 512)
    hung = sorted((event.started_at.timestamp(), event.duration) for event in media.trace if event.error is not None)
    together = [sum(began <= start + lasted / 2 <= began + took for began, took in hung) for start, lasted in hung]
    assert together == [4, 4, 4, 4, 2, 2, 1, 1]


def test_alt_text_is_sent_when_the_media_is_ready(server, connect, call, api):
    media = call(connect(server, api=api), "upload", video(100), alt_text="a cat")
    assert server.commands == ["INIT", "APPEND", "FINALIZE", "STATUS", "STATUS", "METADATA"]
    assert server.media(media.media_id).alt_text == "a cat"


@pytest.mark.parametrize("text", ["", "x" * 1001])
def test_alt_text_is_checked_before_anything_is_sent(server, connect, call, text):
    with pytest.raises(xmedia.InvalidInputError, match="alt_text"):
        call(connect(server), "upload", video(100), alt_text=text)
    assert server.commands == []


def test_if_only_the_alt_text_fails_the_error_has_the_good_upload(server, connect, call):
    server.script("METADATA", Reply(403))
    with pytest.raises(xmedia.PermissionDeniedError) as caught:
        call(connect(server), "upload", video(100), alt_text="a cat")
    assert caught.value.media.ready


def test_without_waiting_the_answer_of_finalize_is_returned(server, connect, call):
    media = call(connect(server), "upload", video(100), wait=False, alt_text="a cat")
    assert (media.command, media.processing_info.state) == ("FINALIZE", "pending")
    assert server.commands == ["INIT", "APPEND", "FINALIZE", "METADATA"]


@pytest.mark.parametrize("wait", [True, False])
def test_failed_processing_is_raised(connect, call, wait):
    failure = {"state": "failed", "error": {"code": 1, "name": "InvalidMedia", "message": "no"}}
    with MockServer(processing=[failure], check_after_secs=0.01) as server, pytest.raises(xmedia.InvalidMediaError):
        call(connect(server), "upload", video(100), wait=wait)


def test_what_init_said_is_kept(connect):
    with MockServer(processing=None) as server:
        media = connect(server, api="1.1").upload(video(100))
        assert media.media_key == server.media(media.media_id).media_key
        assert media.size == 100


def test_the_timeout_bounds_the_upload_and_the_wait(server, connect, call):
    client = connect(server)
    server.script("APPEND", Fault.hang())
    began = time.monotonic()
    with pytest.raises(xmedia.RequestTimeoutError):
        call(client, "upload", video(100), timeout=0.2)
    assert 0.2 <= time.monotonic() - began < 1.2
    began = time.monotonic()
    with (
        MockServer(processing=["pending"], check_after_secs=0.05) as slow,
        pytest.raises(xmedia.WaitTimeoutError) as caught,
    ):
        call(connect(slow), "upload", video(100), timeout=0.3)
    assert 0.3 <= time.monotonic() - began < 1.3
    assert caught.value.media.media_id


def test_a_session_that_runs_out_is_an_error(connect):
    with MockServer(expires_after_secs=0.2) as server:
        server.script("APPEND", Fault.delay(0.3), Fault.delay(0.3))
        with pytest.raises(xmedia.MediaExpiredError):
            connect(server).upload(video(1000), segment_bytes=500, concurrency=1)


def test_a_trace_has_every_request(server, connect):
    server.script("APPEND", Reply(503))
    media = connect(server).upload(video(100), trace=True)
    assert [(event.command, event.status) for event in media.trace] == [
        ("INIT", 202),
        ("APPEND", 503),
        ("APPEND", 204),
        ("FINALIZE", 201),
        ("STATUS", 200),
        ("STATUS", 200),
    ]
    assert connect(server).upload(video(100)).trace is None


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"concurrency": 0}, xmedia.InvalidInputError),
        ({"concurrency": 2.0}, TypeError),
        ({"concurrency": True}, TypeError),
        ({"segment_bytes": 0}, xmedia.InvalidInputError),
        ({"segment_bytes": "1"}, TypeError),
        ({"segment_bytes": 8_000_001}, xmedia.InvalidInputError),
        ({"chunked": 1}, TypeError),
        ({"wait": None}, TypeError),
        ({"alt_text": b"a"}, TypeError),
        ({"fingerprint": 5}, TypeError),
        ({"total_bytes": 0}, xmedia.InvalidInputError),
        ({"total_bytes": 99}, xmedia.InvalidInputError),
        ({"media_type": "video"}, xmedia.InvalidInputError),
        ({"checkpoint": 5}, TypeError),
        ({"progress": 5}, TypeError),
        ({"trace": 1}, TypeError),
        ({"timeout": 0}, xmedia.InvalidInputError),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_sent(server, connect, call, options, error):
    with pytest.raises(error):
        call(connect(server), "upload", video(100), **options)
    assert server.commands == []


def test_a_closed_client_uploads_nothing(server, connect, call):
    client = connect(server)
    client.close()
    with pytest.raises(xmedia.ClientClosedError):
        call(client, "upload", video(100))
