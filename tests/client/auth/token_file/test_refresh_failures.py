"""A refresh that failed is tried again where that can help, and only there."""

import json

import pytest
import xmedia
from support.logins import stored
from support.media import ID
from xmedia.testing import Fault, Reply


class TestPassingAndFinalFailures:
    @pytest.mark.parametrize(
        "fault",
        [
            Reply(503),
            Reply(502, body=b"<html>"),
            Reply(408),
            Reply(429),
            Fault.reset(),
            Fault.close(),
            Reply(200, body=b"garbage"),
        ],
        ids=["503", "502", "408", "429", "reset", "closed", "garbage"],
    )
    def test_one_that_passes_is_tried_again_within_the_verb(self, call, server, login, fault):
        client = login()
        server.expire_tokens()
        server.script("TOKEN", fault)
        assert call(client, "status", ID).media_id == ID
        assert server.commands.count("TOKEN") == 2

    def test_and_by_every_later_call(self, call, server, login):
        client = login(retry=None)
        server.expire_tokens()
        server.script("TOKEN", Reply(503), Reply(503))
        for _ in range(2):
            with pytest.raises(xmedia.AuthenticationError) as caught:
                call(client, "status", ID)
            assert caught.value.retryable
        assert call(client, "status", ID).media_id == ID

    def test_a_wait_goes_on_until_its_deadline(self, call, server, login):
        client = login(retry=xmedia.Retry(attempts=1, base_delay=0.01, max_delay=0.02))
        server.expire_tokens()
        server.script("TOKEN", *[Reply(503)] * 4)
        assert call(client, "wait", ID, timeout=20).ready
        assert server.commands.count("TOKEN") == 5

    @pytest.mark.parametrize("error", ["invalid_grant", "invalid_request", "invalid_client", "unauthorized_client"])
    def test_a_final_one_is_not_repeated(self, call, server, login, error):
        client = login()
        server.expire_tokens()
        server.script("TOKEN", Reply(400, json={"error": error}))
        for _ in range(2):
            with pytest.raises(xmedia.AuthenticationError) as caught:
                call(client, "status", ID)
            assert not caught.value.retryable
        assert server.commands.count("TOKEN") == 1

    def test_but_not_before_one_more_look_into_the_file(self, call, server, login, path):
        client = login()
        server.expire_tokens()
        login().status(ID)
        newest = stored(path)
        path.unlink()
        server.script("TOKEN", Reply(400, json={"error": "invalid_grant"}))
        with pytest.raises(xmedia.AuthenticationError):
            call(client, "status", ID)
        path.touch(0o600)
        path.write_text(json.dumps(newest))
        assert call(client, "status", ID).media_id == ID
