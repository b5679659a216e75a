"""An error's exchanges are saved as HAR 1.2, which browsers' tools and proxies read."""

import pickle
import stat
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import jsonschema
import pytest
import xmedia
from hars import entries, headers
from support.media import ID, MP4
from xmedia.testing import Fault, MockServer, Reply


@pytest.fixture(params=["1.1", "2"])
def server(request):
    with MockServer(auth=xmedia.OAuth2("token-of-the-user") if request.param == "2" else None) as server:
        yield server


def saved(error, path):
    error.save_har(path)
    return entries(path)


def test_a_refused_request_is_an_entry_with_all_that_is_known(server, tmp_path):
    server.script("STATUS", Reply(503, body=b'{"why": "busy"}', headers={"x-one": "1", "content-type": "text/x"}))
    with server.client(retry=None, user_agent="a test") as client, pytest.raises(xmedia.ServerError) as caught:
        client.status(ID)
    (entry,) = saved(caught.value, tmp_path / "bug.har")
    (exchange,) = caught.value.exchanges
    assert datetime.fromisoformat(entry["startedDateTime"]) == exchange.started_at.replace(
        microsecond=exchange.started_at.microsecond // 1000 * 1000
    )
    assert entry["time"] == pytest.approx(exchange.duration * 1000)
    assert (entry["_command"], entry["_media_id"], entry["_attempt"]) == ("STATUS", str(ID), 1)
    assert "_error" not in entry
    request, response = entry["request"], entry["response"]
    assert (request["method"], request["url"]) == ("GET", exchange.url)
    assert {"name": "media_id", "value": str(ID)} in request["queryString"]
    assert headers(request)["user-agent"] == "a test"
    assert "authorization" not in headers(request)
    assert (response["status"], response["statusText"]) == (503, "Service Unavailable")
    assert headers(response)["x-one"] == "1"
    assert (response["content"]["text"], response["content"]["mimeType"]) == ('{"why": "busy"}', "text/x")


@pytest.mark.parametrize(
    ("fault", "word"),
    [(Fault.reset(), "reset"), (Fault.close(), "closed"), (Fault.cut(200), "cut"), (Fault.hang(), "timeout")],
)
def test_an_entry_without_an_answer_has_status_0_and_says_how_it_broke(server, tmp_path, fault, word):
    server.script("STATUS", fault)
    with server.client(retry=None, request_timeout=0.3) as client, pytest.raises(xmedia.TransportError) as caught:
        client.status(ID)
    (entry,) = saved(caught.value, tmp_path / "bug.har")
    assert (entry["response"]["status"], entry["_error"]) == (0, word)


def test_an_upload_shows_its_segments_without_their_bytes(server, tmp_path):
    server.script("FINALIZE", Reply(400, json={"error": "no"}))
    with server.client(retry=None) as client, pytest.raises(xmedia.BadRequestError) as caught:
        client.upload(MP4, media_category="tweet_video", segment_bytes=20, concurrency=1, check="off")
    found = saved(caught.value, tmp_path / "bug.har")
    assert [entry["_command"] for entry in found] == ["INIT", "APPEND", "APPEND", "FINALIZE"]
    assert [entry["_segment_index"] for entry in found] == [None, 0, 1, None]
    for entry, size in zip(found[1:3], [20, len(MP4) - 20], strict=True):
        data = entry["request"]["postData"]
        assert data["mimeType"] == "multipart/form-data"
        (media,) = [each for each in data["params"] if each["name"] == "media"]
        assert (media["fileName"], media["_size"]) == ("media", size)
    assert {entry["_media_id"] for entry in found[1:]} == {str(caught.value.media_id)}


def test_a_form_is_there_as_text_and_as_fields(tmp_path):
    with MockServer() as server, server.client(retry=None) as client:
        server.script("INIT", Reply(400))
        with pytest.raises(xmedia.BadRequestError) as caught:
            client.initialize(5, "video/mp4", additional_owners=[6, 7])
    (entry,) = saved(caught.value, tmp_path / "bug.har")
    data = entry["request"]["postData"]
    assert {each["name"]: each["value"] for each in data["params"]} == dict(parse_qsl(data["text"]))
    assert dict(parse_qsl(data["text"]))["additional_owners"] == "6,7"


def test_the_file_is_its_owners_and_replaces_what_was_there(tmp_path):
    path = tmp_path / "bug.har"
    path.write_text("old")
    path.chmod(0o644)
    saved(xmedia.XMediaError("nothing was sent"), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert entries(path) == []
    assert [each.name for each in tmp_path.iterdir()] == ["bug.har"]


def test_a_file_that_cannot_be_written_is_an_os_error_and_leaves_nothing(tmp_path):
    error = xmedia.XMediaError("nothing was sent")
    with pytest.raises(FileNotFoundError) as caught:
        error.save_har(tmp_path / "missing" / "bug.har")
    assert caught.value.filename == str(tmp_path / "missing" / "bug.har")
    (tmp_path / "bug.har").mkdir()
    with pytest.raises(IsADirectoryError):
        error.save_har(tmp_path / "bug.har")
    assert [each.name for each in tmp_path.iterdir()] == ["bug.har"]


@pytest.mark.parametrize("path", [5, None, b"\xff"])
def test_a_path_of_a_wrong_type_is_a_type_error(path):
    with pytest.raises((TypeError, ValueError)):
        xmedia.XMediaError("nothing was sent").save_har(path)


def test_a_path_with_a_null_character_is_refused_as_everywhere():
    with pytest.raises(xmedia.InvalidInputError, match="path must not be a path with a null character"):
        xmedia.XMediaError("nothing was sent").save_har("a\0b")


def test_exchanges_made_in_a_test_and_unpickled_ones_are_saved_as_well(tmp_path):
    made = xmedia.Exchange(command="STATUS", method="GET", url="https://x.test/?a=b", started_at=datetime.now(UTC))
    error = pickle.loads(pickle.dumps(xmedia.XMediaError("made", exchanges=(made,))))
    (entry,) = saved(error, tmp_path / "bug.har")
    assert (entry["request"]["url"], entry["response"]["status"]) == (made.url, 0)


def test_the_schema_would_find_what_is_wrong(tmp_path):
    path = tmp_path / "bug.har"
    xmedia.XMediaError("nothing was sent").save_har(path)
    path.write_text(path.read_text().replace('"entries"', '"entrees"'))
    with pytest.raises(jsonschema.ValidationError):
        entries(path)
