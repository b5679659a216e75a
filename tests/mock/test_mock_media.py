"""The mock server's media: what is sent is what is there, whatever the client and the order."""

import base64
import hashlib
import json
import random
import threading

import pytest
from support.media import ID, MP4, PNG
from support.mock_http import V1, call, connect, upload
from xmedia import InvalidInputError, Media
from xmedia.testing import MockServer, SubtitleRecord

EITHER = pytest.mark.parametrize("keep_data", [True, False], ids=["data", "hashes"])
NOISE = random.Random(1).randbytes(300_000)


def sha(data):
    return hashlib.sha256(data).hexdigest()


def append(server, media_id, index, data):
    parts = {"command": "APPEND", "media_id": media_id, "segment_index": index, "media": data}
    return call(server, "POST", V1, parts=parts).status


@pytest.fixture
def server():
    with MockServer(verify_auth=False) as mock:
        yield mock


@EITHER
def test_the_bytes_are_those_that_were_sent(api, keep_data):
    data = MP4 + NOISE
    with MockServer(verify_auth=False, keep_data=keep_data) as server:
        media_id, _ = upload(server, data, api=api, segment=100_000)
        record = server.media(media_id)
        table = call(server, "GET", "/__media").json
    assert record.data == (data if keep_data else None)
    assert (record.sha256, record.size, record.total_bytes) == (sha(data), len(data), len(data))
    assert record.segments == {0: 100_000, 1: 100_000, 2: 100_000, 3: len(MP4)}
    assert table == {media_id: {"sha": sha(data), "len": len(data), "total": len(data), "state": "pending"}}


@EITHER
def test_segments_in_any_order_and_from_many_connections(keep_data):
    pieces = [NOISE[at : at + 10_000] for at in range(0, 300_000, 10_000)]
    with MockServer(verify_auth=False, keep_data=keep_data) as server:
        server.add_media(7, data=b"", total_bytes=300_000)
        order = list(enumerate(pieces))
        random.Random(2).shuffle(order)

        def send(share):
            assert {append(server, 7, index, data) for index, data in share} == {204}

        threads = [threading.Thread(target=send, args=(order[at::4],)) for at in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.media(7).sha256 == sha(NOISE)


@EITHER
def test_of_a_segment_that_is_sent_again_the_last_counts(keep_data):
    with MockServer(verify_auth=False, keep_data=keep_data) as server:
        server.add_media(7, data=b"", total_bytes=6)
        for index, data in ((1, b"old"), (1, b"def"), (0, b"abc"), (0, b"abc"), (1, b"def")):
            append(server, 7, index, data)
        record = server.media(7)
    assert (record.sha256, record.size) == (sha(b"abcdef"), 6)


def test_with_hashes_only_other_bytes_for_what_was_hashed_make_the_hash_unknown():
    with MockServer(verify_auth=False, keep_data=False) as server:
        server.add_media(7, data=b"", total_bytes=6)
        for index, data in ((0, b"abc"), (1, b"def"), (0, b"xyz")):
            append(server, 7, index, data)
        assert server.media(7).sha256 is None
        assert call(server, "GET", "/__media").json["7"]["sha"] is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            b'--XX\r\nContent-Disposition: form-data; name="media"; filename="C:\\dir\\a.mp4"\r\n'
            b"Content-Type: video/mp4\r\n\r\n%s\r\n"
            b'--XX\r\nContent-Disposition: form-data; name="segment_index"\r\n\r\n0\r\n--XX--',
            id="media first, a Windows path, no last line ending",
        ),
        pytest.param(
            b'preamble\r\n--XX\r\nContent-Disposition: form-data; name="segment_index"; filename="blob"\r\n'
            b"Content-Type: text/plain\r\n\r\n0\r\n"
            b"--XX\r\ncontent-disposition: form-data; name=media\r\n\r\n%s\r\n--XX--\r\nepilogue",
            id="text as a file, an unquoted name, preamble and epilogue",
        ),
        pytest.param(
            b'--XX\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="segment_index"'
            b'\r\n\r\n0\r\n--XX\r\nContent-Disposition: form-data; filename="a \\"b\\"; name=\\"x\\".mp4"; name="media"'
            b"\r\n\r\n%s\r\n--XX--\r\n",
            id="quotes in the file name, which comes before the name",
        ),
        pytest.param(
            b'--XX\r\nContent-Disposition: form-data; name="segment_index"\r\n\r\n0\r\n'
            b'--XX\r\nContent-Disposition: form-data; name="media_data"\r\n\r\n%b64\r\n--XX--\r\n',
            id="base64",
        ),
        pytest.param(
            b'--XX\nContent-Disposition: form-data; name="segment_index"\n\n0\n'
            b'--XX\nContent-Disposition: form-data; name="media"\n\n%s\n--XX--\n',
            id="bare line feeds",
        ),
    ],
)
@pytest.mark.parametrize(
    "data",
    [
        NOISE[:5000],
        b"",
        b"\r\n",
        b"\r\n\r\n--XY\r\n--X\r\n--XXX",
        b"--XX--x\r\n x--XX\r\n",
        b"\r\n--XXX\r\n--XX-\r\n--XX- -\r\n",
    ],
    ids=["noise", "nothing", "line ending", "nearly a boundary", "inside a line", "longer boundaries"],
)
def test_multipart_bodies_as_clients_write_them(server, body, data):
    body = body.replace(b"%s", data).replace(b"%b64", base64.b64encode(data))
    server.add_media(7, data=b"", total_bytes=5000)
    headers = {"content-type": "multipart/form-data; boundary=XX"}
    answer = call(server, "POST", "/2/media/upload/7/append", body=body, headers=headers)
    assert (answer.status, server.media(7).data, len(server.media(7).segments)) == (200, data, 1)


def test_append_as_json_with_base64(server):
    server.add_media(7, data=b"", total_bytes=len(NOISE))
    body = {"segment_index": 0, "media": base64.b64encode(NOISE).decode()}
    answer = call(server, "POST", "/2/media/upload/7/append", json_body=body)
    assert (answer.status, sorted(answer.json["data"])) == (200, ["expires_at"])
    assert server.media(7).data == NOISE
    assert server.requests[0].form == {"segment_index": "0"}


def test_a_base64_body_of_seven_mebibytes(server):
    data = bytes(4_999_999)
    server.add_media(7, data=b"", total_bytes=len(data))
    body = {"segment_index": 0, "media": base64.b64encode(data).decode()}
    assert call(server, "POST", "/2/media/upload/7/append", json_body=body).status == 200
    assert server.media(7).size == len(data)


def test_append_as_a_form_with_base64(server):
    server.add_media(7, data=b"", total_bytes=4)
    form = {"command": "APPEND", "media_id": 7, "segment_index": 0, "media_data": "++//"}
    assert call(server, "POST", V1, form=form).status == 204
    assert server.media(7).data == base64.b64decode("++//")


@pytest.mark.parametrize("how", ["query", "form", "parts", "json", "json without a type", "both"])
def test_init_and_finalize_with_parameters_in_any_place(server, how):
    def send(**parameters):
        match how:
            case "query":
                return call(server, "POST", V1, query=parameters)
            case "form":
                return call(server, "POST", V1, form=parameters)
            case "parts":
                return call(server, "POST", V1, parts=parameters)
            case "json":
                return call(server, "POST", V1, json_body=parameters)
            case "json without a type":
                return call(server, "POST", V1, body=json.dumps(parameters).encode())
        command = parameters.pop("command")
        return call(server, "POST", V1, query={"command": command}, form=parameters)

    begun = send(command="INIT", total_bytes=len(MP4), media_type="video/mp4", media_category="TweetVideo")
    assert begun.status == 202
    media_id = begun.json["media_id"]
    assert begun.json == {
        "media_id": media_id,
        "media_id_string": str(media_id),
        "expires_after_secs": 86400,
        "media_key": f"7_{media_id}",
    }
    append(server, media_id, 0, MP4)
    ended = send(command="FINALIZE", media_id=media_id)
    assert (ended.status, ended.json["size"]) == (201, len(MP4))


@pytest.mark.parametrize("body", [b"", b"{}", b" { } "])
@pytest.mark.parametrize("headers", [{}, {"content-type": "application/json"}])
def test_finalize_of_version_2_takes_an_empty_body_and_an_empty_object(server, body, headers):
    server.add_media(7)
    answer = call(server, "POST", "/2/media/upload/7/finalize", body=body, headers=headers)
    assert answer.status == 200
    assert sorted(answer.json["data"]) == ["expires_after_secs", "id", "media_key", "processing_info", "size"]


def test_the_older_form_of_version_2(server):
    path = "/2/media/upload"
    about = {"command": "INIT", "total_bytes": 8, "media_type": "video/mp4", "media_category": "tweet_video"}
    media_id = call(server, "POST", path, parts=about).json["data"]["id"]
    parts = {"command": "APPEND", "media_id": media_id, "segment_index": 0, "media": b"\0\0\0\x18ftyp"}
    assert call(server, "POST", path, parts=parts).status == 200
    ended = call(server, "POST", path, parts={"command": "FINALIZE", "media_id": media_id})
    assert ended.json["data"]["processing_info"]["state"] == "pending"
    assert server.commands == ["INIT", "APPEND", "FINALIZE"]


@pytest.mark.parametrize("name", ["media", "media_data"])
def test_a_simple_upload(server, name):
    parts = {name: PNG if name == "media" else base64.b64encode(PNG).decode(), "media_category": "tweet_image"}
    answer = call(server, "POST", V1, parts=parts)
    assert (answer.status, answer.json["size"]) == (200, len(PNG))
    assert answer.json["image"] == {"image_type": "image/png", "w": 2, "h": 3}
    assert server.media(answer.json["media_id"]).data == PNG
    assert server.commands == ["SIMPLE"]


@pytest.mark.parametrize("how", ["parts", "json"])
def test_a_one_shot_upload(server, how):
    if how == "parts":
        parts = {"media_category": "tweet_image", "media": PNG, "additional_owners": "1,2"}
        answer = call(server, "POST", "/2/media/upload", parts=parts)
    else:
        body = {"media": base64.b64encode(PNG).decode(), "media_category": "tweet_image", "additional_owners": "1,2"}
        answer = call(server, "POST", "/2/media/upload", json_body=body)
    data = answer.json["data"]
    assert (answer.status, data["size"], data["media_key"]) == (200, len(PNG), f"3_{data['id']}")
    assert server.media(data["id"]).additional_owners == ("1", "2")


@pytest.mark.parametrize("number", [False, True])
def test_alt_text(server, number):
    server.add_media(7)
    body = {"media_id": 7 if number else "7", "alt_text": {"text": "ein Bild ☃"}}
    answer = call(server, "POST", "/1.1/media/metadata/create.json", json_body=body)
    assert (answer.status, answer.body) == (204, b"")
    assert server.media(7).alt_text == "ein Bild ☃"
    body = {"id": "7", "metadata": {"alt_text": {"text": "another"}}}
    answer = call(server, "POST", "/2/media/metadata", json_body=body)
    assert answer.json == {"data": {"id": "7", "associated_metadata": {"alt_text": {"text": "another"}}}}
    assert server.media(7).alt_text == "another"


def test_what_is_said_of_media_is_kept_beside_what_was_said_before(server):
    server.add_media(7)
    for flag in ("true", True):
        body = {"media_id": "7", "allow_download_status": {"allow_download": flag}}
        answer = call(server, "POST", "/1.1/media/metadata/create.json", json_body=body)
        assert (answer.status, server.media(7).metadata) == (204, {"allow_download_status": {"allow_download": True}})
    said = {"alt_text": {"text": "a cat"}, "shared_info": {"shared": True}}
    answer = call(server, "POST", "/2/media/metadata", json_body={"id": "7", "metadata": said})
    said = {"allow_download_status": {"allow_download": True}, **said}
    assert answer.json == {"data": {"id": "7", "associated_metadata": said}}
    assert (server.media(7).metadata, server.media(7).alt_text) == (said, "a cat")


def test_subtitles_come_and_go(server, api):
    server.add_media(7)
    server.add_media(8, data=b"1\n", media_type="text/srt", media_category="subtitles", finalized=True)
    one = {"language_code": "en", "display_name": "English"}
    if api == "1.1":
        about = {"media_id": "7", "media_category": "TweetVideo"}
        added = {**about, "subtitle_info": {"subtitles": [{"media_id": "8", **one}]}}
        taken = {**about, "subtitle_info": {"subtitles": [{"language_code": "EN"}]}}
        requests = [
            ("POST", "/1.1/media/subtitles/create.json", added),
            ("POST", "/1.1/media/subtitles/delete.json", taken),
        ]
    else:
        about = {"id": "7", "media_category": "TweetVideo"}
        added = {**about, "subtitles": {"id": "8", **one}}
        requests = [
            ("POST", "/2/media/subtitles", added),
            ("DELETE", "/2/media/subtitles", {**about, "language_code": "EN"}),
        ]
    seen = []
    for method, path, body in requests:
        assert call(server, method, path, json_body=body).status in {200, 204}
        seen.append(server.media(7).subtitles)
    assert seen == [(SubtitleRecord(8, "EN", "English"),), ()]


class TestAddMedia:
    def test_it_is_complete_and_waits_for_finalize(self, server):
        server.add_media(str(ID))
        record = server.media(Media(media_id=ID))
        assert (record.state, record.size == record.total_bytes, record.finalized) == ("appending", True, False)

    def test_its_bytes_and_category(self, server):
        server.add_media(7, data=PNG, media_type="image/png", media_category="dm_image")
        record = server.media(7)
        assert (record.data, record.media_category, record.media_key) == (PNG, "dm_image", "3_7")

    def test_it_replaces_what_was_there(self, server):
        server.add_media(7, finalized=True)
        server.add_media(7)
        assert not server.media(7).finalized

    def test_large_data_becomes_several_segments(self):
        with MockServer(verify_auth=False, max_segment_bytes=1000) as server:
            server.add_media(7, data=NOISE[:2500])
            assert server.media(7).segments == {0: 1000, 1: 1000, 2: 500}
            assert server.media(7).data == NOISE[:2500]

    def test_incomplete_media(self, server):
        server.add_media(7, data=b"abc", total_bytes=5)
        assert call(server, "POST", "/2/media/upload/7/finalize").status == 400

    @pytest.mark.parametrize(
        "wrong",
        [
            {"media_type": "text/html"},
            {"media_category": "video"},
            {"total_bytes": -1},
            {"expires_after_secs": 0},
            {"expires_after_secs": 1e19},
        ],
    )
    def test_wrong_values_are_refused(self, server, wrong):
        with pytest.raises(InvalidInputError):
            server.add_media(7, **wrong)

    @pytest.mark.parametrize("wrong", [0, -1, 10**19, "", "x", "١", "7_123", "01"])
    def test_ids_that_are_none_are_refused(self, server, wrong):
        for call_it in (server.add_media, server.media):
            with pytest.raises(InvalidInputError):
                call_it(wrong)

    @pytest.mark.parametrize("wrong", [None, 1.0, True, b"7"])
    def test_ids_of_another_type_are_refused(self, server, wrong):
        for call_it in (server.add_media, server.media):
            with pytest.raises(TypeError):
                call_it(wrong)


def test_unknown_media_is_a_key_error(server):
    with pytest.raises(KeyError):
        server.media(1)


def test_ids_have_nineteen_digits_and_rise(server):
    ids = [int(upload(server, MP4)[0]) for _ in range(5)]
    assert ids == sorted(set(ids)) == server.media_ids
    assert {len(str(each)) for each in ids} == {19}


def test_media_expires(server):
    server.add_media(7, expires_after_secs=0.01)
    server.add_media(8, expires_after_secs=0.01, finalized=True)
    while not server.media(8).expired:
        pass
    kept = connect(server)
    finalize = call(server, "POST", V1, query={"command": "FINALIZE", "media_id": 7}, on=kept)
    assert finalize.json == {"request": V1, "error": "Invalid media_id: 7"}
    asked = call(server, "GET", V1, query={"media_id": 8, "command": "STATUS"}, on=kept)
    assert (asked.status, asked.json["errors"][0]["code"]) == (404, 34)
    kept.close()


def test_an_answer_says_how_much_time_is_left():
    with MockServer(verify_auth=False, expires_after_secs=0.5) as server:
        _, ended = upload(server, MP4)
        assert 0.3 < ended.json["expires_after_secs"] <= 0.5
