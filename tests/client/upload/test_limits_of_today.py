"""X's limits for files and segments, as they are documented in September 2026 (docs/how/wire.md, section 6)."""

import warnings

import pytest
import xmedia
from support.media import MP4
from support.modules import CRATE
from xmedia.testing import MockServer, Reply

MIB = 1 << 20
GIB = 1 << 30


class Holes:
    """A file of zeros after the start of an MP4."""

    def __init__(self, path, size):
        with open(path, "wb") as file:
            file.write(MP4)
            file.truncate(size)
        self.path, self.size = path, size


@pytest.fixture
def holes(tmp_path):
    return lambda size: Holes(tmp_path / "clip.mp4", size).path


@pytest.mark.parametrize(
    ("size", "concurrency", "expected"),
    [(3 * MIB, 4, MIB), (10 * MIB, 4, 5 * MIB // 2), (24 * MIB, 4, 4 * MIB), (24 * MIB, 12, 2 * MIB)],
)
def test_the_default_segment_is_the_share_of_each_in_flight_between_1_and_4_mib(
    api, holes, size, concurrency, expected
):
    with MockServer(check_after_secs=0.01, keep_data=False) as server:
        media = server.client(api=api).upload(holes(size), concurrency=concurrency)
        assert max(server.media(media.media_id).segments.values()) == expected


def test_v2_takes_ten_thousand_segments_and_1_1_a_thousand():
    with MockServer(check_after_secs=0.01) as server:
        data = MP4 + bytes(10_000 - len(MP4))
        counts = {}
        for api in ("1.1", "2"):
            media = server.client(api=api).upload(data, segment_bytes=5, concurrency=100)
            counts[api] = len(server.media(media.media_id).segments)
            assert server.media(media.media_id).data == data
        assert counts == {"1.1": 1000, "2": 2000}


def test_a_single_segment_may_have_the_number_9999_in_v2_and_999_in_1_1(server, call):
    media = server.client(api="2").initialize(10_000, "video/mp4", media_category="tweet_video")
    call(server.client(api="2"), "append", media, 9999, b"x")
    for api, index in (("2", 10_000), ("1.1", 1000)):
        with pytest.raises(xmedia.InvalidInputError, match="segment_index"):
            call(server.client(api=api), "append", media, index, b"x")


@pytest.mark.parametrize(("api", "most"), [("1.1", 5_000_000), ("2", 8_000_000)])
def test_a_segment_that_is_asked_for_may_be_as_large_as_the_version_takes(api, most):
    with MockServer(check_after_secs=0.01, max_segment_bytes=8_000_000) as server:
        client = server.client(api=api)
        media = client.upload(MP4 + bytes(9_000_000), segment_bytes=most)
        assert max(server.media(media.media_id).segments.values()) == most
        with pytest.raises(xmedia.InvalidInputError, match=f"{most}"):
            client.upload(MP4, segment_bytes=most + 1)


def test_when_smaller_segments_would_be_too_many_the_error_names_both_limits(call):
    with MockServer(max_segment_bytes=10) as server:
        with pytest.raises(xmedia.PayloadTooLargeError, match=r"21 bytes .* 20001 bytes .* 1000 segments .* 5000000"):
            call(server.client(api="1.1"), "upload", MP4 + bytes(20_001 - len(MP4)))
        with pytest.raises(xmedia.PayloadTooLargeError, match=r"11 bytes .* 100001 bytes .* 10000 segments .* 8000000"):
            call(server.client(api="2"), "upload", MP4 + bytes(100_001 - len(MP4)))


@pytest.mark.parametrize(
    ("size", "options", "expected"),
    [
        (600 * MIB, {}, None),
        (8 * GIB, {}, None),
        (8 * GIB + 1, {}, "8589934592"),
        (512 * MIB, {"media_category": "dm_video"}, None),
        (512 * MIB + 1, {"media_category": "dm_video"}, "536870912"),
    ],
)
def test_what_only_premium_accounts_may_send_is_warned_of(holes, size, options, expected):
    with MockServer() as server:
        server.script("INIT", Reply(400))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with pytest.raises(xmedia.BadRequestError):
                server.client(api="2", retry=None, check="warn").upload(holes(size), **options)
    about_size = [str(warning.message) for warning in caught if "Premium" in str(warning.message)]
    assert len(about_size) == (expected is not None)
    assert expected is None or expected in about_size[0]


@pytest.mark.parametrize(
    ("size", "category"), [(16 * GIB + 1, "tweet_video"), (GIB + 1, "dm_video"), (5 * MIB + 1, "tweet_image")]
)
def test_what_no_account_may_send_is_refused_before_anything_is_sent(server, holes, call, size, category):
    with pytest.raises(xmedia.InvalidInputError, match=f"{size} bytes"):
        call(server.client(check="warn"), "upload", holes(size), media_category=category)
    assert server.commands == []


@pytest.mark.parametrize(
    ("account", "category", "most"),
    [
        ("default", "tweet_video", 8 * GIB),
        ("default", "amplify_video", 8 * GIB),
        ("default", "dm_video", 512 * MIB),
        ("default", "tweet_gif", 15 * MIB),
        ("default", "subtitles", MIB),
        ("premium", "tweet_video", 16 * GIB),
        ("premium", "dm_video", GIB),
        ("premium", "tweet_image", 5 * MIB),
    ],
)
def test_the_mock_holds_the_limits_of_the_account(api, account, category, most):
    media_type = {"tweet_gif": "image/gif", "tweet_image": "image/png", "subtitles": "text/srt"}.get(
        category, "video/mp4"
    )
    with MockServer(account=account) as server:
        client = server.client(api=api)
        client.initialize(most, media_type, media_category=category)
        if most < 16 * GIB:
            with pytest.raises(xmedia.BadRequestError, match=f"File size exceeds {most} bytes"):
                client.initialize(most + 1, media_type, media_category=category)


@pytest.mark.parametrize(("account", "error"), [("gold", xmedia.InvalidInputError), (3, TypeError)])
def test_the_mock_knows_two_accounts(account, error):
    with pytest.raises(error, match="account"):
        MockServer(account=account)


@pytest.mark.parametrize("number", ["17_179_869_184", "8 << 30", "512 << 20", "500 << 20", "8_000_000", "140.0"])
def test_each_number_of_x_stands_once_in_the_code(number):
    files = (CRATE / "client").rglob("*.rs")
    lines = [
        line for file in files for line in file.read_text("utf-8").splitlines() if not line.lstrip().startswith("//")
    ]
    assert sum(number in line for line in lines) == 1
