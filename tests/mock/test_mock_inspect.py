"""`MockServer(inspect=True)`: processing applies X's rules to what was sent."""

import pytest
import xmedia
from support.media import SAMPLES
from xmedia.testing import MockServer


@pytest.fixture
def inspecting():
    with MockServer(inspect=True, check_after_secs=0.01) as server:
        yield server


def failure(server, name, **options):
    with server.client(check="off", **options) as client, pytest.raises(xmedia.MediaProcessingError) as caught:
        client.upload(SAMPLES / name)
    return caught.value.error


def test_a_broken_file_fails_as_x_lets_it_fail(inspecting):
    assert failure(inspecting, "chroma_444.mp4") == xmedia.ProcessingFailure(code=1, name="InvalidMedia")
    assert failure(inspecting, "gop_frames.mp4") == xmedia.ProcessingFailure(
        code=3,
        name="UnsupportedMedia",
        message="Video GOP is too large. Largest number of frames allowed in one GOP: 512",
    )


@pytest.mark.parametrize("api", ["1.1", "2"])
def test_a_good_file_is_processed_as_before(inspecting, api):
    auth = inspecting.credentials[api == "2"]
    with inspecting.client(auth=auth, api=api) as client:
        assert client.upload(SAMPLES / "good_moov_last.mp4").ready
        assert client.upload(SAMPLES / "good_animated.gif").ready
        assert client.upload(SAMPLES / "good_image.png").ready


def test_segments_are_looked_at_together(inspecting):
    with inspecting.client(check="off") as client:
        with pytest.raises(xmedia.InvalidMediaError):
            client.upload(SAMPLES / "chroma_444.mp4", segment_bytes=1000)
        assert client.upload(SAMPLES / "good_moov_last.mp4", segment_bytes=1000).ready


def test_the_account_chooses_the_limits():
    name = "duration_21min.mp4"
    with MockServer(inspect=True, check_after_secs=0.01) as server:
        assert failure(server, name).name == "UnsupportedMedia"
    with MockServer(inspect=True, check_after_secs=0.01, account="premium") as server, server.client() as client:
        assert client.upload(SAMPLES / name).ready


def test_a_server_that_does_not_inspect_takes_anything_and_its_clients_check_nothing(server):
    assert server.environ["X_CHECK"] == "off"
    with server.client() as client:
        assert client.upload(SAMPLES / "chroma_444.mp4").ready


def test_a_server_that_inspects_leaves_the_check_on(inspecting):
    assert "X_CHECK" not in inspecting.environ
    with inspecting.client() as client, pytest.warns(xmedia.MediaWarning), pytest.raises(xmedia.InvalidMediaError):
        client.upload(SAMPLES / "chroma_444.mp4")


def test_inspecting_needs_the_bytes():
    with pytest.raises(xmedia.InvalidInputError, match="keep_data"):
        MockServer(inspect=True, keep_data=False)
    with pytest.raises(TypeError):
        MockServer(inspect=1)
