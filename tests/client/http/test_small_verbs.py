"""`set_metadata`, `set_alt_text`, `set_subtitles`, `delete_subtitles` (docs/how/design.md#client)."""

import json
import math
import time
import types

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


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


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


class TestMetadata:
    @pytest.mark.parametrize(
        ("given", "sent"),
        [
            ({"alt_text": "A heron"}, {"alt_text": {"text": "A heron"}}),
            ({"allow_download": True}, {"allow_download_status": {"allow_download": True}}),
            (
                {"alt_text": "🪿" * 1000, "allow_download": False},
                {"alt_text": {"text": "🪿" * 1000}, "allow_download_status": {"allow_download": False}},
            ),
        ],
    )
    def test_both_versions_take_alt_text_and_whether_it_may_be_downloaded(
        self, call, api, server, connect, given, sent
    ):
        assert call(connect(server, api=api), "set_metadata", ID, **given) is None
        assert server.commands == ["METADATA"]
        assert bodies(server) == [
            {"id": str(ID), "metadata": sent} if api == "2" else {"media_id": str(ID), **sent},
        ]
        assert server.media(ID).metadata == sent

    @pytest.mark.parametrize(
        ("sensitive", "warned_of"),
        [
            (True, {"other"}),
            (False, set()),
            ((), set()),
            ("adult_content", {"adult_content"}),
            (["graphic_violence", "other"], {"graphic_violence", "other"}),
        ],
    )
    def test_viewers_are_warned_of_what_is_named(self, call, server, connect, sensitive, warned_of):
        call(connect(server, api="2"), "set_metadata", ID, sensitive=sensitive)
        kinds = ("adult_content", "graphic_violence", "other")
        expected = {"sensitive_media_warning": {kind: kind in warned_of for kind in kinds}}
        assert server.media(ID).metadata == expected

    def test_a_mapping_is_sent_as_it_is_beside_them(self, call, server, connect):
        origin = {
            "found_media_origin": {"provider": "giphy", "id": "1"},
            "content_expiration": {"timestamp_sec": 2**70},
        }
        call(connect(server, api="2"), "set_metadata", ID, alt_text="A heron", metadata=types.MappingProxyType(origin))
        assert bodies(server) == [{"id": str(ID), "metadata": {"alt_text": {"text": "A heron"}, **origin}}]

    @pytest.mark.parametrize("given", [{"sensitive": True}, {"metadata": {"sticker_info": {}}}])
    def test_api_1_1_takes_no_more_and_the_error_says_so(self, call, server, connect, given):
        with pytest.raises(xmedia.InvalidInputError, match=rf"{next(iter(given))}: API 1\.1 .* api=\"2\""):
            call(connect(server, api="1.1"), "set_metadata", ID, alt_text="A heron", **given)
        assert server.commands == []

    @pytest.mark.parametrize("given", [{}, {"metadata": {}}])
    def test_that_nothing_is_given_is_an_error(self, call, api, server, connect, given):
        with pytest.raises(xmedia.InvalidInputError, match="nothing is given"):
            call(connect(server, api=api), "set_metadata", ID, **given)
        assert server.commands == []

    @pytest.mark.parametrize(
        ("name", "value", "error"),
        [
            ("alt_text", "", xmedia.InvalidInputError),
            ("alt_text", "x" * 1001, xmedia.InvalidInputError),
            ("alt_text", 5, TypeError),
            ("allow_download", "yes", TypeError),
            ("allow_download", 1, TypeError),
            ("sensitive", 1, TypeError),
            ("sensitive", [None], TypeError),
            ("sensitive", "violence", xmedia.InvalidInputError),
            ("metadata", "alt_text", TypeError),
            ("metadata", [("alt_text", {})], TypeError),
            ("metadata", {5: {}}, TypeError),
            ("metadata", {"sticker_info": {"x": {1, 2}}}, TypeError),
            ("metadata", {"sticker_info": math.nan}, xmedia.InvalidInputError),
            ("metadata", {"sticker_info": "\ud800"}, xmedia.InvalidInputError),
            ("metadata", {"sticker_info": nested(500)}, xmedia.InvalidInputError),
            ("metadata", {"sticker_info": nested(100_000)}, xmedia.InvalidInputError),
            ("metadata", {"alt_text": {"text": "x"}}, xmedia.InvalidInputError),
            ("timeout", 0, xmedia.InvalidInputError),
        ],
        ids=["empty", "long", *map(str, range(16))],
    )
    def test_all_else_is_refused(self, call, server, connect, name, value, error):
        given = {"alt_text": "A heron", name: value}
        with pytest.raises(error, match=name):
            call(connect(server, api="2"), "set_metadata", ID, **given)
        assert server.commands == []

    def test_it_is_sent_again(self, call, api, server, connect):
        server.script("METADATA", Reply(503), Fault.reset())
        call(connect(server, api=api), "set_metadata", ID, allow_download=True)
        assert server.commands == ["METADATA"] * 3

    def test_a_refusal_is_raised(self, call, server, connect):
        with pytest.raises(xmedia.BadRequestError, match="not defined and not allowed") as caught:
            call(connect(server, api="2"), "set_metadata", ID, metadata={"colour": {}})
        assert (caught.value.command, caught.value.media_id) == ("METADATA", ID)

    def test_expired_media_is_refused(self, call, server, connect):
        with pytest.raises(xmedia.MediaExpiredError):
            call(connect(server), "set_metadata", xmedia.Media(media_id=ID, expires_after_secs=0), alt_text="A heron")
        assert server.commands == []


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
