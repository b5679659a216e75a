"""Other ways to run code beside asyncio's own loop: uvloop, anyio, trio, threads and processes."""

import asyncio
import multiprocessing
import sys
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import xmedia
from xmedia.testing import Fault, MockServer

pytestmark = pytest.mark.xmedia(check_after_secs=0.01)

IDS = range(1, 21)
NOT_ON_WINDOWS = pytest.mark.skipif(sys.platform == "win32", reason="not on Windows")

Run = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]


def _run_anyio(main: Callable[[], Coroutine[Any, Any, Any]], *, uvloop: bool) -> Any:
    import anyio

    return anyio.run(main, backend="asyncio", backend_options={"use_uvloop": uvloop})


@pytest.fixture(params=["anyio", pytest.param("anyio on uvloop", marks=NOT_ON_WINDOWS)])
def run(request: pytest.FixtureRequest) -> Run:
    return partial(_run_anyio, uvloop=request.param != "anyio")


@pytest.fixture
def server(xmedia_server: MockServer) -> MockServer:
    for media_id in IDS:
        xmedia_server.add_media(media_id)
    return xmedia_server


@NOT_ON_WINDOWS
def test_uvloop_by_itself(server: MockServer, xmedia_client: xmedia.Client) -> None:
    import uvloop

    async def main() -> list[xmedia.Media]:
        finalized = await asyncio.gather(*map(xmedia_client.finalize_async, IDS))
        return await asyncio.gather(*map(xmedia_client.wait_async, finalized))

    assert all(media.ready for media in uvloop.run(main()))


def test_an_anyio_task_group(server: MockServer, xmedia_client: xmedia.Client, run: Run) -> None:
    import anyio

    ready = []

    async def publish(media_id: int) -> None:
        ready.append(await xmedia_client.wait_async(await xmedia_client.finalize_async(media_id)))

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for media_id in IDS:
                group.start_soon(publish, media_id)

    run(main)
    assert sorted(media.media_id for media in ready) == list(IDS)


def test_an_anyio_cancel_scope_aborts_the_request(server: MockServer, xmedia_client: xmedia.Client, run: Run) -> None:
    import anyio

    server.script("STATUS", Fault.hang())

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(xmedia_client.status_async, 1)
            while not server.requests:
                await anyio.sleep(0.005)
            group.cancel_scope.cancel()

    run(main)
    deadline = time.monotonic() + 5
    while not server.requests[-1].aborted and time.monotonic() < deadline:
        time.sleep(0.005)
    assert server.requests[-1].aborted


def test_sync_verbs_in_anyios_threads(server: MockServer, xmedia_client: xmedia.Client, run: Run) -> None:
    import anyio.to_thread

    async def main() -> xmedia.Media:
        finalized = await anyio.to_thread.run_sync(xmedia_client.finalize, 1)
        return await anyio.to_thread.run_sync(xmedia_client.wait, finalized)

    assert run(main).ready


def test_sync_verbs_in_trios_threads(server: MockServer, xmedia_client: xmedia.Client) -> None:
    import trio

    ready = []

    async def publish(media_id: int) -> None:
        finalized = await trio.to_thread.run_sync(xmedia_client.finalize, media_id)
        ready.append(await trio.to_thread.run_sync(partial(xmedia_client.wait, finalized, timeout=30)))

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for media_id in IDS:
                nursery.start_soon(publish, media_id)

    trio.run(main)
    assert sorted(media.media_id for media in ready) == list(IDS)


def test_awaited_verbs_in_trio_name_the_sync_ones(server: MockServer, xmedia_client: xmedia.Client) -> None:
    import trio

    async def main() -> None:
        await xmedia_client.finalize_async(1)

    with pytest.raises(RuntimeError, match=r"asyncio.*finalize\("):
        trio.run(main)
    assert server.commands == []


def _publish(client: xmedia.Client, media_id: int) -> xmedia.Media:
    return client.wait(client.finalize(media_id))


def test_a_thread_pool(server: MockServer, xmedia_client: xmedia.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert all(media.ready for media in pool.map(partial(_publish, xmedia_client), IDS))


@pytest.mark.parametrize("method", [name for name in multiprocessing.get_all_start_methods() if name != "forkserver"])
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_process_pool(server: MockServer, xmedia_client: xmedia.Client, method: str) -> None:
    xmedia_client.finalize(20)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
        published = list(pool.map(partial(_publish, xmedia_client), IDS[:4]))
    assert all(media.ready for media in published)


def test_errors_cross_processes(server: MockServer, xmedia_client: xmedia.Client) -> None:
    method = "fork" if sys.platform == "linux" and sys.version_info < (3, 12) else "spawn"
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        error = pool.submit(xmedia_client.status, 404).exception()
    assert isinstance(error, xmedia.APIError)
    assert (error.not_found, error.media_id, error.retryable) == (True, 404, False)
