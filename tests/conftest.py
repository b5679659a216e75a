"""What many tests share: verbs called the sync and the awaited way, and clients of a scripted server."""

import asyncio

import pytest
import xmedia
from _pythons import pythons
from xmedia.testing import MockServer

OAUTH1 = xmedia.OAuth1("consumerKey1", "consumerSecret2", "12-accessToken3", "tokenSecret4")
OAUTH2 = xmedia.OAuth2("accessToken5")
QUICK = xmedia.Retry(attempts=3, base_delay=0.001, max_delay=0.01)
ID = 710511363345354753


@pytest.fixture(params=["sync", "async"])
def call(request):
    """Calls a verb of a client by its name, as `client.verb(…)` or as `await client.verb_async(…)`."""

    def sync(client, verb, *args, **kwargs):
        outcome = getattr(client, verb)(*args, **kwargs)
        return list(outcome) if verb == "watch" else outcome

    def awaited(client, verb, *args, **kwargs):
        async def main():
            outcome = getattr(client, f"{verb}_async")(*args, **kwargs)
            return [item async for item in outcome] if verb == "watch" else await outcome

        return asyncio.run(main())

    return sync if request.param == "sync" else awaited


@pytest.fixture(params=["1.1", "2"])
def api(request):
    """Both versions of the API."""
    return request.param


@pytest.fixture
def server():
    """A mock server whose processing takes hundredths of a second."""
    with MockServer(check_after_secs=0.01) as server:
        yield server


@pytest.fixture
def connect():
    """Makes clients of a server that retry quickly and are closed at the end."""
    clients = []

    def connect(server, auth=None, **options):
        auth = auth or getattr(server, "auth", OAUTH1)
        client = xmedia.Client(auth, **{"base_url": server.url, "retry": QUICK, **options})
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


#: Why a test may be skipped. What else would be skipped fails instead, so that nothing stays unnoticed untested: all
#: that tests import is in the group `dev`.
SKIPS = {
    "not on Windows": "no fork, no signals and modes of POSIX, no uvloop",
    "there is no /proc here": "memory, descriptors and environments are read from Linux's /proc",
    "this machine has no such address": "not all have IPv6, and macOS has 127.0.0.1 only",
    "not in the packed sources": "the sources that are packed for PyPI have no benchmarks",
}


def _fail_if_skipped_unnoticed(report):
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason not in SKIPS:
            report.outcome = "failed"
            report.longrepr = f"skipped, and not for a reason of SKIPS in tests/conftest.py: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return _fail_if_skipped_unnoticed((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return _fail_if_skipped_unnoticed((yield))


def pytest_report_header():
    return f"Pythons that exits are tried on: {', '.join(pythons())}"
