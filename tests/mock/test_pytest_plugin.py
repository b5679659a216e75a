"""The pytest plugin, in runs of pytest of their own."""

import textwrap
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

#: Other plugins of this environment take longer to load than these runs.
ALONE = ("-Werror", "-p", "no:anyio", "-p", "no:hypothesispytest", "-p", "no:timeout")

USERS_TESTS = """
    import os
    import pytest
    import xmedia

    pytestmark = pytest.mark.xmedia(check_after_secs=0.01, processing=["pending", "succeeded"])

    def publish(client, media_id):
        return client.wait(client.finalize(media_id))

    def test_that_code_which_uploads_works(xmedia_server, xmedia_client):
        xmedia_server.add_media(1)
        assert publish(xmedia_client, 1).ready

    @pytest.mark.xmedia(processing=["pending", {"state": "failed", "error": {"code": 1, "name": "InvalidMedia"}}])
    def test_that_a_failed_video_is_noticed(xmedia_server, xmedia_client):
        xmedia_server.add_media(1)
        with pytest.raises(xmedia.InvalidMediaError):
            publish(xmedia_client, 1)

    def test_that_the_nearest_marker_was_for_one_test_only(xmedia_server, xmedia_client):
        xmedia_server.add_media(1)
        publish(xmedia_client, 1)
        assert xmedia_server.commands == ["FINALIZE", "STATUS"]

    def test_that_the_environment_leads_to_the_server(xmedia_env, xmedia_server):
        with xmedia.Client.from_env() as client:
            assert client.base_url == xmedia_server.url == xmedia_env["X_BASE_URL"]
            xmedia_server.add_media(1)
            assert publish(client, 1).ready

    @pytest.mark.xmedia(auth=xmedia.OAuth2("a-token"))
    def test_that_the_servers_credentials_are_the_environments(xmedia_env):
        assert "X_CONSUMER_KEY" not in os.environ
        assert xmedia.Client.from_env().api == "2"

    @pytest.mark.xmedia(inspect=True)
    def test_that_the_developers_own_settings_are_hidden(xmedia_env):
        assert xmedia.Client.from_env().api == "1.1"

    def test_that_the_environment_is_put_back():
        assert os.environ["X_CONSUMER_KEY"] == "the developer's own"
        assert "X_BASE_URL" not in os.environ

    def test_that_nothing_is_blocked_unless_asked_for():
        client = xmedia.Client(xmedia.OAuth2("a-token"), base_url="https://xmedia.invalid", retry=None, proxy=False)
        with pytest.raises(xmedia.TransportError):
            client.status(1)
"""


def test_fixtures_and_marker(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_CONSUMER_KEY", "the developer's own")
    for name in ("X_ACCOUNT", "X_CHECK"):
        monkeypatch.setenv(name, "not one of its values")
    pytester.makepyfile(USERS_TESTS)
    pytester.runpytest_subprocess(*ALONE, "--strict-markers").assert_outcomes(passed=8)


def test_the_plugin_imports_xmedia_only_where_a_fixture_is_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import sys

        def test_plugin():
            assert "pytest_xmedia" in sys.modules
            assert "xmedia" not in sys.modules
    """)
    pytester.runpytest_subprocess(*ALONE).assert_outcomes(passed=1)


def test_an_unknown_argument_of_the_marker_is_named(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.xmedia(procesing=["succeeded"])
        def test_typo(xmedia_server):
            pass
    """)
    result = pytester.runpytest_subprocess(*ALONE)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*unexpected keyword argument 'procesing'*"])


OFFLINE = """
    import asyncio
    import os
    import pickle
    import subprocess
    import sys
    from unittest import mock

    import pytest
    import xmedia

    from conftest import client as made_by_conftest

    AUTH = xmedia.OAuth2("a-token")
    WHY = "xmedia may not connect to https://api.x.com: the ini option xmedia_block_network of pytest is on"

    def test_the_mock_server_can_be_reached(xmedia_server, xmedia_client):
        xmedia_server.add_media(1)
        assert xmedia_client.finalize(1).processing_info

    def test_localhost_can_be_reached(xmedia_server):
        xmedia_server.add_media(1)
        url = xmedia_server.url.replace("127.0.0.1", "LOCALHOST")
        assert xmedia_server.client(base_url=url).finalize(1).processing_info

    @pytest.mark.parametrize("verb", ["finalize", "status", "wait", "watch"])
    def test_a_client_of_x_can_be_made_but_not_used(verb):
        client = xmedia.Client(AUTH)
        assert (client.api, client.closed, client.rate_limits) == ("2", False, {})
        with pytest.raises(RuntimeError) as caught:
            getattr(client, verb)(1)
        assert str(caught.value) == WHY
        assert not isinstance(caught.value, xmedia.XMediaError)
        client.close()
        assert client.closed

    def test_an_upload():
        with xmedia.Client(AUTH) as client, pytest.raises(RuntimeError, match="xmedia_block_network"):
            client.upload(b"GIF89a")

    def test_awaited_verbs(xmedia_server):
        with pytest.raises(RuntimeError, match="xmedia_block_network"):
            asyncio.run(xmedia.Client(AUTH).finalize_async(1))

    def test_a_client_that_a_conftest_made():
        with pytest.raises(RuntimeError, match="xmedia_block_network"):
            made_by_conftest.status(1)

    @pytest.mark.parametrize("copied", [lambda c: c.with_options(api="1.1"), lambda c: pickle.loads(pickle.dumps(c))])
    def test_copies(copied):
        client = xmedia.Client(xmedia.OAuth1("a", "b", "c", "d"))
        with pytest.raises(RuntimeError, match="xmedia_block_network"):
            copied(client).status(1)

    def test_a_proxy_elsewhere_is_as_good_as_another_host(xmedia_server):
        client = xmedia_server.client(proxy="http://user:hidden@proxy.invalid:3128")
        with pytest.raises(RuntimeError, match="a proxy on another machine: the ini option") as caught:
            client.status(1)
        assert "hidden" not in str(caught.value)

    def test_clearing_the_environment_does_not_open_the_network():
        with mock.patch.dict(os.environ, clear=True), pytest.raises(RuntimeError, match="xmedia_block_network"):
            xmedia.Client(AUTH).status(1)

    def test_processes_that_tests_start():
        program = "import xmedia; xmedia.Client(xmedia.OAuth2('a-token')).status(1)"
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert ended.stderr.strip().splitlines()[-1] == "RuntimeError: " + WHY
"""


def test_block_network(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nxmedia_block_network = true\npythonpath = .\n")
    pytester.makeconftest("import xmedia\nclient = xmedia.Client(xmedia.OAuth2('a-token'))\n")
    pytester.makepyfile(OFFLINE)
    pytester.runpytest_subprocess(*ALONE).assert_outcomes(passed=14)


REPLAYED = """
    import pytest
    import xmedia

    @pytest.mark.xmedia(replay="bug.har")
    def test_a_bug(xmedia_client):
        assert xmedia_client.api == "2"
        with pytest.raises(xmedia.InvalidMediaError):
            xmedia_client.wait(xmedia_client.finalize(710511363345354753))

    @pytest.mark.xmedia(replay="bug.har")
    def test_a_bug_of_a_program(xmedia_env):
        assert xmedia_env["X_API"] == "2"
        assert not xmedia.Client.from_env().finalize(710511363345354753).ready

    @pytest.mark.xmedia(replay="missing.har")
    def test_without_a_recording(xmedia_server):
        pass
"""


def test_a_recording_is_found_next_to_the_tests_file(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("deeper")
    (folder / "bug.har").write_bytes((Path(__file__).parents[1] / "data" / "bug.har").read_bytes())
    (folder / "test_bug.py").write_text(textwrap.dedent(REPLAYED))
    ended = pytester.runpytest_subprocess(*ALONE)
    ended.assert_outcomes(passed=2, errors=1)
    ended.stdout.fnmatch_lines(["*FileNotFoundError*missing.har*"])


UNUSED = """
    import pytest
    from xmedia.testing import Reply

    def test_that_uses_all(xmedia_server, xmedia_client):
        xmedia_server.add_media(1)
        xmedia_server.script("FINALIZE", Reply(503))
        xmedia_server.script("STATUS", None)
        xmedia_client.finalize(1)
        xmedia_client.status(1)

    def test_that_scripted_too_much(xmedia_server, xmedia_client):
        xmedia_server.add_media(1)
        xmedia_server.script("STATUS", Reply(503))
        xmedia_client.finalize(1)

    @pytest.mark.xmedia(unused_scripts="ok")
    def test_that_means_it(xmedia_server):
        xmedia_server.script("STATUS", Reply(503))

    def test_that_failed_already(xmedia_server):
        xmedia_server.script("STATUS", Reply(503))
        assert False

    def test_with_chaos(xmedia_server):
        xmedia_server.chaos(1, 0.5, [Reply(503)])
"""


def test_scripts_that_were_not_used_fail_a_test_that_passed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(UNUSED)
    ended = pytester.runpytest_subprocess(*ALONE)
    ended.assert_outcomes(passed=4, failed=1, errors=1)
    ended.stdout.fnmatch_lines(["*never used: 1 of STATUS; the commands that came: FINALIZE*"])
