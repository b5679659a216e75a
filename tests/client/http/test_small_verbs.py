"""`set_alt_text`, `set_subtitles`, `delete_subtitles` (docs/how/design.md#client)."""

import json
import time

import pytest
import xmedia
from support.media import ID
from xmedia.testing import Fault, Reply

ENGLISH = xmedia.Subtitle(media_id=11, language_code="EN", display_name="English")
GERMAN = xmedia.Subtitle(media_id="12", language_code="DE", display_name="Deutsch")


@pytest.fixture(autouse=True)
def media(server):
    server.add_media(ID, finalized=True)
    for media_id in (11, 12):
        server.add_media(media_id, media_type="text/srt", media_category="subtitles", finalized=True)


def bodies(server):
    return [request.json for request in server.requests]


class TestAltText:
    def test_it_is_set(self, call, api, server, connect):
        assert call(connect(server, api=api), "set_alt_text", ID, "Ein Reiher — landet 🪿") is None
        assert (server.commands, server.media(ID).alt_text) == (["METADATA"], "Ein Reiher — landet 🪿")

    @pytest.mark.parametrize("media_id", [str(ID), xmedia.Media(media_id=ID)])
    def test_the_id_is_taken_in_every_form(self, call, server, connect, media_id):
        call(connect(server), "set_alt_text", media_id, "A heron")
        assert server.media(ID).alt_text == "A heron"

    @pytest.mark.parametrize("text", ["x", "🪿" * 1000])
    def test_1_to_1000_characters_are_taken(self, call, server, connect, text):
        call(connect(server), "set_alt_text", ID, text)
        assert server.media(ID).alt_text == text

    @pytest.mark.parametrize(
        ("text", "error"),
        [("", xmedia.InvalidInputError), ("x" * 1001, xmedia.InvalidInputError), (None, TypeError), (b"x", TypeError)],
    )
    def test_all_else_is_refused(self, call, server, connect, text, error):
        with pytest.raises(error, match="text"):
            call(connect(server), "set_alt_text", ID, text)
        assert server.commands == []

    def test_it_is_sent_again(self, call, server, connect):
        server.script("METADATA", Reply(503), Fault.reset())
        call(connect(server), "set_alt_text", ID, "A heron")
        assert server.commands == ["METADATA"] * 3

    def test_a_refusal_is_raised(self, call, api, server, connect):
        with pytest.raises(xmedia.APIError) as caught:
            call(connect(server, api=api), "set_alt_text", 999, "A heron")
        assert (caught.value.command, caught.value.media_id) == ("METADATA", 999)

    def test_expired_media_is_refused(self, call, server, connect):
        media = xmedia.Media(media_id=ID, expires_after_secs=0)
        with pytest.raises(xmedia.MediaExpiredError):
            call(connect(server), "set_alt_text", media, "A heron")
        assert server.commands == []

    def test_its_deadline(self, call, server, connect):
        server.script("METADATA", Fault.hang())
        began = time.monotonic()
        with pytest.raises(xmedia.RequestTimeoutError):
            call(connect(server), "set_alt_text", ID, "A heron", timeout=0.1)
        assert 0.1 <= time.monotonic() - began < 1.1


class TestSubtitles:
    def test_one(self, call, api, server, connect):
        assert call(connect(server, api=api), "set_subtitles", ID, ENGLISH) is None
        entry = {"language_code": "EN", "display_name": "English"}
        if api == "2":
            expected = {"id": str(ID), "media_category": "TweetVideo", "subtitles": {"id": "11", **entry}}
        else:
            expected = {
                "media_id": str(ID),
                "media_category": "TweetVideo",
                "subtitle_info": {"subtitles": [{"media_id": "11", **entry}]},
            }
        assert bodies(server) == [expected]

    def test_several_take_one_request_in_api_1_1_and_one_each_in_api_2(self, call, api, server, connect):
        call(connect(server, api=api), "set_subtitles", ID, (one for one in (ENGLISH, GERMAN)))
        assert server.commands == ["SUBTITLES"] * (2 if api == "2" else 1)
        assert all(text in json.dumps(bodies(server)) for text in ("English", "Deutsch"))

    @pytest.mark.parametrize(
        ("category", "sent"),
        [
            ("tweet_video", "TweetVideo"),
            ("TweetVideo", "TweetVideo"),
            ("amplify_video", "AmplifyVideo"),
            ("AmplifyVideo", "AmplifyVideo"),
        ],
    )
    def test_both_spellings_of_a_category_are_taken(self, call, api, server, connect, category, sent):
        client = connect(server, api=api)
        call(client, "set_subtitles", ID, ENGLISH, media_category=category)
        call(client, "delete_subtitles", ID, "EN", media_category=category)
        assert [body["media_category"] for body in bodies(server)] == [sent] * 2

    def test_they_are_deleted(self, call, api, server, connect):
        client = connect(server, api=api)
        call(client, "set_subtitles", ID, ENGLISH)
        assert call(client, "delete_subtitles", ID, "EN") is None
        request = server.requests[-1]
        assert (request.command, request.method) == ("SUBTITLES", "DELETE" if api == "2" else "POST")

    @pytest.mark.parametrize(("verb", "argument"), [("set_subtitles", ENGLISH), ("delete_subtitles", "EN")])
    def test_their_deadline(self, call, server, connect, verb, argument):
        server.script("SUBTITLES", Fault.hang())
        began = time.monotonic()
        with pytest.raises(xmedia.RequestTimeoutError):
            call(connect(server), verb, ID, argument, timeout=0.1)
        assert 0.1 <= time.monotonic() - began < 1.1

    @pytest.mark.parametrize(
        ("verb", "arguments", "options", "error"),
        [
            ("set_subtitles", [[]], {}, xmedia.InvalidInputError),
            ("set_subtitles", [None], {}, TypeError),
            ("set_subtitles", ["EN"], {}, TypeError),
            ("set_subtitles", [[ENGLISH, 7]], {}, TypeError),
            ("set_subtitles", [ENGLISH], {"media_category": "tweet_image"}, xmedia.InvalidInputError),
            ("set_subtitles", [ENGLISH], {"media_category": None}, TypeError),
            ("delete_subtitles", [""], {}, xmedia.InvalidInputError),
            ("delete_subtitles", [None], {}, TypeError),
            ("delete_subtitles", ["EN"], {"media_category": "gif"}, xmedia.InvalidInputError),
            ("delete_subtitles", ["EN"], {"timeout": 0}, xmedia.InvalidInputError),
        ],
    )
    def test_wrong_arguments_are_refused(self, call, server, connect, verb, arguments, options, error):
        with pytest.raises(error):
            call(connect(server), verb, ID, *arguments, **options)
        assert server.commands == []
