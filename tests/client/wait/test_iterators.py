"""What the iterators have in common: an exception of the program's own is never taken for their end."""

import asyncio

import pytest
import xmedia
from support.media import ID, video
from xmedia.testing import MockServer

VERBS = ["watch", "wait_many", "upload_many"]


@pytest.fixture
def server():
    with MockServer(auth=xmedia.OAuth2("good"), check_after_secs=0.01) as server:
        server.add_media(ID, finalized=True)
        yield server


def about(verb):
    return {"watch": ID, "wait_many": [ID], "upload_many": [video(100)]}[verb]


@pytest.fixture(params=["sync", "async"])
def results(request):
    """Takes all that an iterating verb brings, the sync and the awaited way."""

    def sync(client, verb):
        return list(getattr(client, verb)(about(verb)))

    def awaited(client, verb):
        async def main():
            return [result async for result in getattr(client, f"{verb}_async")(about(verb))]

        return asyncio.run(main())

    return sync if request.param == "sync" else awaited


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("role", ["access_token", "on_event"])
@pytest.mark.parametrize("kind", [StopIteration, StopAsyncIteration])
def test_a_callable_cannot_end_an_iterator_by_mistake(server, connect, results, verb, role, kind):
    def broken(*_):
        raise kind("mine")

    options = {"auth": xmedia.OAuth2(broken)} if role == "access_token" else {"on_event": broken}
    client = connect(server, **options)
    if verb == "upload_many":
        [result] = results(client, verb)
        error = result.error
    else:
        with pytest.raises((RuntimeError, kind)) as caught:
            results(client, verb)
        error = caught.value
    chain = [error, error.__cause__]
    assert "mine" in [str(each) for each in chain if isinstance(each, kind)]


def test_iterators_have_short_reprs_without_module_names_of_ours(server, connect):
    client = connect(server)
    iterators = [client.watch(1), client.wait_many([1]), client.upload_many([b"1"]), client.upload_many_async([b"1"])]
    assert [repr(each) for each in iterators] == [
        "<xmedia.Watch>",
        "<xmedia.WaitMany>",
        "<xmedia.Uploads>",
        "<xmedia.AsyncUploads>",
    ]
