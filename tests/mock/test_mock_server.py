"""`xmedia.testing.MockServer` as a test uses it: its options, its attributes, its client, and the program."""

import asyncio
import ctypes
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
import xmedia
from xmedia import Client, InvalidInputError, MediaProcessingError, OAuth1, OAuth2
from xmedia.testing import Fault, MockServer, Reply

OTHER = OAuth1("other-key", "other-secret", "2-other", "other-token-secret")


@pytest.mark.parametrize(
    "options",
    [
        {"host": 1},
        {"port": "80"},
        {"port": True},
        {"auth": "secret"},
        {"auth": 5},
        {"auth": [OTHER, None]},
        {"verify_auth": 1},
        {"processing": "pending"},
        {"processing": 5},
        {"processing": [5]},
        {"processing": [{"state": object()}]},
        {"check_after_secs": "1"},
        {"check_after_secs": True},
        {"expires_after_secs": None},
        {"max_segment_bytes": 1.0},
        {"rate_limits": [("FINALIZE", 1, 1)]},
        {"rate_limits": {"FINALIZE": True}},
        {"rate_limits": {"FINALIZE": ("5", 1)}},
        {"keep_data": None},
        {"tls": "yes"},
    ],
)
def test_options_of_a_wrong_type_are_type_errors(options):
    with pytest.raises(TypeError):
        MockServer(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"host": ""},
        {"port": -1},
        {"port": 65536},
        {"auth": []},
        {"auth": OAuth2(lambda: "token")},
        {"processing": ()},
        {"processing": ("",)},
        {"check_after_secs": -1},
        {"check_after_secs": float("nan")},
        {"expires_after_secs": 0},
        {"expires_after_secs": float("inf")},
        {"expires_after_secs": 1e19},
        {"check_after_secs": 1e19},
        {"rate_limits": {"FINALIZE": (1, 1e19)}},
        {"max_segment_bytes": 0},
        {"rate_limits": {"finalize": (1, 1)}},
        {"rate_limits": {"FINALIZE": (1,)}},
        {"rate_limits": {"FINALIZE": (-1, 1)}},
        {"rate_limits": {"FINALIZE": (1, 0)}},
    ],
)
def test_options_with_a_wrong_value_are_refused(options):
    with pytest.raises(InvalidInputError):
        MockServer(**options)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Reply("200"),
        lambda: Reply(True),
        lambda: Reply(200, body="text"),
        lambda: Reply(200, headers=[("a", "b")]),
        lambda: Reply(200, headers={"a": 1}),
        lambda: Reply(200, delay="1"),
        lambda: Reply(200, apply=1),
        lambda: Reply(200, json=object()),
        lambda: Fault.reset(after=1),
        lambda: Fault.cut(1.5),
        lambda: Fault.cut(True),
        lambda: Fault.slow("fast"),
        lambda: Fault.delay(None),
        lambda: Fault.hang().in_body("1"),
    ],
)
def test_items_of_a_wrong_type_are_type_errors(make):
    with pytest.raises(TypeError):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Reply(100),
        lambda: Reply(600),
        lambda: Reply(200, json={}, body=b"x"),
        lambda: Reply(200, headers={"a b": "c"}),
        lambda: Reply(200, headers={"a": "b\r\nc: d"}),
        lambda: Reply(200, delay=-1),
        lambda: Fault.cut(-1),
        lambda: Fault.slow(0),
        lambda: Fault.delay(float("inf")),
        lambda: Fault.refuse(0),
        lambda: Fault.hang().in_body(-1),
    ],
)
def test_items_with_a_wrong_value_are_refused(make):
    with pytest.raises(InvalidInputError):
        make()


def test_scripts_are_checked():
    with MockServer() as server:
        with pytest.raises(InvalidInputError):
            server.script("finalize", None)
        with pytest.raises(TypeError):
            server.script("FINALIZE", 503)
        with pytest.raises(TypeError):
            server.script(None)
        with pytest.raises(InvalidInputError):
            server.chaos(1, 1.5, [Fault.reset()])
        with pytest.raises(InvalidInputError):
            server.chaos(-1, 0.5, [Fault.reset()])
        with pytest.raises(InvalidInputError):
            server.chaos(1, 0.5, [])
        with pytest.raises(TypeError):
            server.chaos(1, 0.5, "reset")


def test_a_fault_shows_how_it_is_made():
    faults = [Fault.reset(), Fault.reset(after=True), Fault.cut(10), Fault.delay(0.5), Fault.slow(100).in_body(3)]
    assert [repr(fault) for fault in faults] == [
        "Fault.reset()",
        "Fault.reset(after=True)",
        "Fault.cut(10)",
        "Fault.delay(0.5)",
        "Fault.slow(100).in_body(3)",
    ]
    assert Fault.delay(timedelta(seconds=1)) == Fault.delay(1)


class TestCredentials:
    def test_by_default_there_are_documented_dummies(self):
        with MockServer() as server:
            assert server.auth == server.credentials[0]
            assert server.credentials == [
                OAuth1("mock-consumer-key", "mock-consumer-secret", "1-mock-access-token", "mock-access-token-secret"),
                OAuth2("mock-oauth2-access-token"),
            ]

    def test_they_are_given_back_as_they_were_given(self):
        with MockServer(auth=OTHER) as server:
            assert server.auth is OTHER
            assert server.credentials == [OTHER]
        with MockServer(auth=(OTHER,)) as server:
            assert server.auth == [OTHER]

    @pytest.mark.parametrize("auth", [None, OTHER, OAuth2("two")])
    def test_the_environment_is_enough_for_a_client(self, auth, monkeypatch):
        with MockServer(auth=auth) as server:
            for name, value in server.environ.items():
                monkeypatch.setenv(name, value)
            server.add_media(7)
            assert Client.from_env().finalize(7).media_id == 7

    def test_others_are_refused(self):
        with MockServer(auth=OTHER) as server:
            server.add_media(7)
            assert server.client().finalize(7).media_id == 7


class TestClient:
    @pytest.mark.parametrize("api", ["1.1", "2"])
    @pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
    def test_a_whole_upload(self, api, tls):
        with MockServer(check_after_secs=0.01, tls=tls) as server:
            client = server.client(api=api)
            media = client.initialize(8, "video/mp4", media_category="tweet_video")
            client.append(media, 1, b"ftyp")
            client.append(media, 0, b"\0\0\0\x18")
            media = client.wait(client.finalize(media))
            assert media.ready
            assert server.media(media).data == b"\0\0\0\x18ftyp"
            assert server.commands == ["INIT", "APPEND", "APPEND", "FINALIZE", "STATUS", "STATUS"]

    def test_awaited(self):
        async def run():
            async with MockServer(check_after_secs=0.01) as server:
                server.add_media(7)
                client = server.client()
                return await client.wait_async(await client.finalize_async(7))

        assert asyncio.run(run()).ready

    def test_a_failed_video(self):
        with MockServer(processing=("pending", "failed"), check_after_secs=0.01) as server:
            server.add_media(7)
            client = server.client()
            with pytest.raises(MediaProcessingError):
                client.wait(client.finalize(7))

    def test_a_lost_finalize_is_not_sent_twice(self):
        with MockServer() as server:
            server.add_media(7)
            server.script("FINALIZE", Fault.reset(after=True))
            assert server.client().finalize(7).processing_info.state == "pending"
            assert server.commands == ["FINALIZE", "STATUS"]
            assert [request.effect for request in server.requests] == [True, False]

    def test_options_go_before_what_the_server_would_choose(self):
        with MockServer() as server:
            client = server.client(auth=server.credentials[1], retry=None)
            assert client.api == "2"
            server.script("STATUS", Reply(503))
            with pytest.raises(xmedia.ServerError, match="503"):
                client.status(7)

    def test_version_1_is_talked_to_with_a_credential_for_it(self):
        with MockServer(auth=[OAuth2("two"), OTHER]) as server:
            assert server.client(api="1.1").api == "1.1"


def test_durations_are_seconds_or_timedeltas():
    moment = timedelta(milliseconds=10)
    with MockServer(check_after_secs=moment, rate_limits={"STATUS": (1, moment)}, expires_after_secs=moment) as server:
        server.add_media(7, expires_after_secs=60)
        assert server.client().finalize(7).processing_info.check_after_secs == 0.01


def test_credentials_may_come_from_a_generator():
    given = [OTHER, OAuth2("two")]
    with MockServer(auth=(each for each in given)) as server:
        assert (server.auth, server.credentials, server.client().api) == (given, given, "1.1")
        server.add_media(7)
        assert server.client(auth=given[1]).finalize(7).media_id == 7


class TestTls:
    def test_the_authority_is_in_a_file_that_goes_with_the_server(self):
        with MockServer(tls=True) as server:
            assert server.url.startswith("https://127.0.0.1:")
            with open(server.ca_file) as file:
                assert "BEGIN CERTIFICATE" in file.read()
        assert not os.path.exists(server.ca_file)

    def test_any_tls_client_can_check_it(self):
        import ssl
        from urllib.request import urlopen

        with MockServer(tls=True, host="localhost") as server:
            context = ssl.create_default_context(cafile=server.ca_file)
            context.verify_flags |= ssl.VERIFY_X509_STRICT
            with urlopen(f"{server.url}/__media", context=context, timeout=5) as answer:
                assert json.load(answer) == {}

    def test_without_tls_there_is_none(self):
        with MockServer() as server:
            assert server.ca_file is None


class TestProgram:
    COMMAND = (sys.executable, "-m", "xmedia", "mock-server")
    NAMES = ("url", "consumer_key", "consumer_secret", "access_token", "access_token_secret", "oauth2_access_token")

    def start(self, *options):
        pipe = subprocess.PIPE
        return subprocess.Popen([*self.COMMAND, *options], stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_it_ends_on_a_signal(self, number):
        with self.start() as program:
            assert program.stdout.readline().startswith("http://127.0.0.1:")
            program.send_signal(number)
            assert (program.wait(10), program.stderr.read()) == (0, "")

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no /proc here")
    def test_it_ends_on_a_signal_that_another_thread_got(self):
        """The system chooses the thread; and one that is about to block is not woken by its own."""
        with self.start() as program:
            assert program.stdout.readline().startswith("http://127.0.0.1:")
            others = {int(thread) for thread in os.listdir(f"/proc/{program.pid}/task")} - {program.pid}
            assert ctypes.CDLL(None).tgkill(program.pid, min(others), signal.SIGTERM) == 0
            try:
                assert program.wait(10) == 0
            finally:
                program.kill()

    def test_its_first_line_as_json_is_enough_for_a_client(self):
        with self.start("--json", "--until-stdin-closes") as program:
            printed = json.loads(program.stdout.readline())
            assert tuple(printed) == self.NAMES
            keys = [printed[name] for name in self.NAMES[1:5]]
            media = Client(OAuth1(*keys), base_url=printed["url"]).initialize(5, "video/mp4")
            assert media.media_id > 0
            program.stdin.close()
            assert program.wait(10) == 0

    def test_a_chosen_port(self):
        with MockServer() as server:
            port = server.url.rsplit(":", 1)[1]
        with self.start("--port", port) as program:
            assert program.stdout.readline().startswith(f"http://127.0.0.1:{port} ")
            program.terminate()
            assert program.wait(10) == 0


def test_large_forms_are_not_kept_in_the_log(server):
    body = b"command=INIT&media_data=" + b"x" * 1_000_000
    for _ in range(3):
        request = urllib.request.Request(f"{server.url}/1.1/media/upload.json", body)
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request)
    assert [each.form for each in server.requests] == [{"command": "INIT"}] * 3
