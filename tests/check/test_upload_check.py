"""The check before an upload: a warning, an error, or nothing; and the report on an error of processing."""

import asyncio
import inspect
import io
import pickle
import warnings

import pytest
import xmedia
from support.clients import QUICK
from support.media import SAMPLES
from xmedia.testing import MockServer

BROKEN = SAMPLES / "chroma_444.mp4"
GOOD = SAMPLES / "good_moov_last.mp4"
WORDS = "the chroma subsampling is 4:4:4, and X takes 4:2:0 only"


@pytest.fixture
def inspecting():
    """A server that applies X's rules."""
    with MockServer(inspect=True, check_after_secs=0.01) as server:
        yield server


@pytest.fixture
def client(server):
    """A client with X's defaults, of a server that looks at nothing."""
    with xmedia.Client(server.auth, base_url=server.url, retry=QUICK) as client:
        yield client


def caught_by(call, client, source, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(client, "upload", source, **options)
    return caught


def test_a_broken_file_is_warned_of_once_and_uploaded(call, client, server):
    caught = caught_by(call, client, BROKEN)
    assert [each.category for each in caught] == [xmedia.MediaWarning]
    text = str(caught[0].message)
    assert text.startswith(f'X will refuse "chroma_444.mp4": {WORDS}')
    assert "ffmpeg -i INPUT -c:v libx264" in text
    assert server.commands[0] == "INIT"


def test_a_sync_call_warns_at_the_callers_line(client):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client.upload(BROKEN)
        line = inspect.currentframe().f_lineno - 1
    assert (caught[0].filename, caught[0].lineno) == (__file__, line)


@pytest.mark.parametrize(
    "source",
    [
        BROKEN.read_bytes,
        lambda: bytearray(BROKEN.read_bytes()),
        lambda: io.BytesIO(BROKEN.read_bytes()),
        lambda: iter([BROKEN.read_bytes()]),
    ],
)
def test_buffers_files_and_what_is_spooled_are_checked(call, client, source):
    assert [each.category for each in caught_by(call, client, source())] == [xmedia.MediaWarning]


def test_a_plain_file_is_checked(call, client):
    with BROKEN.open("rb") as file:
        assert [each.category for each in caught_by(call, client, file)] == [xmedia.MediaWarning]


def test_a_stream_of_known_length_is_not_checked(call, client):
    data = BROKEN.read_bytes()
    assert caught_by(call, client, iter([data]), total_bytes=len(data)) == []


def test_good_files_and_mere_warnings_are_uploaded_in_silence(call, client):
    assert caught_by(call, client, GOOD) == []
    assert caught_by(call, client, SAMPLES / "video_codec_hevc.mp4") == []
    assert caught_by(call, client, SAMPLES / "duration_21min.mp4") == []


def test_off_looks_at_nothing(call, client):
    assert caught_by(call, client, BROKEN, check="off") == []


def test_a_warning_that_is_an_exception_ends_the_upload_with_nothing_sent(call, client, server):
    with warnings.catch_warnings():
        warnings.simplefilter("error", xmedia.MediaWarning)
        with pytest.raises(xmedia.MediaWarning, match="4:4:4"):
            call(client, "upload", BROKEN)
    assert server.commands == []


def test_error_raises_with_the_report_and_nothing_sent(call, client, server):
    with pytest.raises(xmedia.CheckFailedError) as caught:
        call(client, "upload", BROKEN, check="error")
    error = caught.value
    assert isinstance(error, xmedia.InvalidInputError)
    assert WORDS in str(error)
    assert error.report == xmedia.check(BROKEN)
    assert pickle.loads(pickle.dumps(error)).report == error.report
    assert server.commands == []


def test_the_clients_options_hold_unless_the_upload_has_its_own(call, server):
    with xmedia.Client(server.auth, base_url=server.url, check="error", account="default") as client:
        long = SAMPLES / "duration_21min.mp4"
        with pytest.raises(xmedia.CheckFailedError, match="1200 s at most"):
            call(client, "upload", long)
        call(client, "upload", long, account="premium")
        call(client, "upload", BROKEN, check="off")
        call(client.with_options(account="premium"), "upload", long)
        call(client.with_options(check="off"), "upload", BROKEN)
        copied = pickle.loads(pickle.dumps(client))
        with pytest.raises(xmedia.CheckFailedError):
            call(copied, "upload", BROKEN)


def test_the_environment_chooses_as_well(monkeypatch, server):
    for name, value in {**server.environ, "X_CHECK": "error", "X_ACCOUNT": "default"}.items():
        monkeypatch.setenv(name, value)
    with xmedia.Client.from_env() as client, pytest.raises(xmedia.CheckFailedError):
        client.upload(SAMPLES / "duration_21min.mp4")
    monkeypatch.setenv("X_CHECK", "perhaps")
    with pytest.raises(xmedia.InvalidInputError, match="X_CHECK must be one of warn, error, off"):
        xmedia.Client.from_env()


@pytest.mark.parametrize("options", [{"check": 1}, {"account": 1}, {"check": True}])
def test_wrong_types_are_type_errors(client, server, options):
    with pytest.raises(TypeError):
        client.upload(GOOD, **options)
    with pytest.raises(TypeError):
        xmedia.Client(server.auth, **options)


@pytest.mark.parametrize("options", [{"check": "maybe"}, {"account": "gold"}])
def test_wrong_values_are_invalid_input(client, server, options):
    with pytest.raises(xmedia.InvalidInputError):
        client.upload(GOOD, **options)
    with pytest.raises(xmedia.InvalidInputError):
        xmedia.Client(server.auth, **options)


def test_upload_many_warns_of_each_broken_file(client):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = list(client.upload_many([BROKEN, GOOD, SAMPLES / "scan.mp4"]))
    assert [result.error for result in results] == [None] * 3
    assert [each.category for each in caught] == [xmedia.MediaWarning] * 2


def test_upload_many_gives_each_broken_file_its_error(client):
    results = list(client.upload_many([BROKEN, GOOD], check="error"))
    assert sorted(type(result.error) for result in results if result.error) == [xmedia.CheckFailedError]


def test_a_failure_of_processing_says_what_the_check_found(call, connect, inspecting):
    client = connect(inspecting)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", xmedia.MediaWarning)
        with pytest.raises(xmedia.InvalidMediaError) as caught:
            call(client, "upload", BROKEN)
    error = caught.value
    assert error.report == xmedia.check(BROKEN)
    assert error.error.name == "InvalidMedia"
    assert error.error.message is None
    assert WORDS in str(error)
    assert str(error).endswith("-movflags +faststart -f mp4 OUTPUT")


def test_a_failure_of_what_was_not_checked_has_no_report(connect, inspecting):
    client = connect(inspecting, check="off")
    with pytest.raises(xmedia.InvalidMediaError) as caught:
        client.upload(BROKEN)
    assert caught.value.report is None
    media = client.upload(BROKEN, wait=False)
    with pytest.raises(xmedia.InvalidMediaError) as caught:
        client.wait(media)
    assert caught.value.report is None


def test_an_awaited_upload_names_the_file_and_warns_at_its_line_too(client):
    async def main():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            await client.upload_async(BROKEN)
        return caught[0]

    caught = asyncio.run(main())
    assert '"chroma_444.mp4"' in str(caught.message)
    assert caught.filename == __file__
