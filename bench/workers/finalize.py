"""One client, one way of calling: `finalize.py CLIENT IN_FLIGHT URL CALLS` prints what CALLS FINALIZEs took.

IN_FLIGHT is `sync`, or how many are awaited at once. Each client keeps its connection where it can, and ends with the
answer's JSON as an object. xmedia and tweepy sign each request; the others send a bearer token, which costs less.
"""

import asyncio
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Awaitable, Callable

ID = 710511363345354753
FORM = {"command": "FINALIZE", "media_id": str(ID)}
HEADERS = {"authorization": "Bearer token"}
KEYS = ("consumer-key", "consumer-secret", "access-token", "access-token-secret")
PATH = "/1.1/media/upload.json"


def sync_xmedia(url: str) -> Callable[[], object]:
    import xmedia

    client = xmedia.Client(xmedia.OAuth1(*KEYS), base_url=url)
    return lambda: client.finalize(ID)


def sync_pyreqwest(url: str) -> Callable[[], object]:
    from pyreqwest.client import SyncClientBuilder

    client = SyncClientBuilder().default_headers(HEADERS).build()
    return lambda: json.loads(client.post(url + PATH).form(FORM).build().send().bytes().to_bytes())


def sync_httpx(url: str) -> Callable[[], object]:
    import httpx

    client = httpx.Client(headers=HEADERS)
    return lambda: client.post(url + PATH, data=FORM).raise_for_status().json()


def sync_requests(url: str) -> Callable[[], object]:
    import requests
    from requests_oauthlib import OAuth1

    session = requests.Session()
    session.auth = OAuth1(*KEYS)
    return lambda: session.post(url + PATH, data=FORM).json()


def sync_xdk(url: str) -> Callable[[], object]:
    from xdk import Client

    client = Client(base_url=url, access_token="token")
    return lambda: client.media.finalize_upload(str(ID))


def sync_tweepy(url: str) -> Callable[[], object]:
    import tweepy
    from _redirect import Redirect

    api = tweepy.API(tweepy.OAuth1UserHandler(*KEYS))
    api.session.mount("https://", Redirect(url))
    return lambda: api.chunked_upload_finalize(ID)


async def async_xmedia(url: str) -> Callable[[], Awaitable[object]]:
    import xmedia

    client = xmedia.Client(xmedia.OAuth1(*KEYS), base_url=url)
    return lambda: client.finalize_async(ID)


async def async_pyreqwest(url: str) -> Callable[[], Awaitable[object]]:
    from pyreqwest.client import ClientBuilder

    client = ClientBuilder().default_headers(HEADERS).build()

    async def call() -> object:
        response = await client.post(url + PATH).form(FORM).build().send()
        return json.loads((await response.bytes()).to_bytes())

    return call


async def async_aiohttp(url: str) -> Callable[[], Awaitable[object]]:
    import aiohttp

    session = aiohttp.ClientSession(headers=HEADERS)

    async def call() -> object:
        async with session.post(url + PATH, data=FORM) as response:
            return await response.json(content_type=None)

    return call


async def async_httpx(url: str) -> Callable[[], Awaitable[object]]:
    import httpx

    client = httpx.AsyncClient(headers=HEADERS)

    async def call() -> object:
        return (await client.post(url + PATH, data=FORM)).json()

    return call


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def report(calls: int, cpu_before: float, began: float) -> None:
    print(
        json.dumps(
            {
                "calls": calls,
                "cpu": cpu() - cpu_before,
                "wall": time.perf_counter() - began,
                "threads": thread_count(),
                "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        ),
        flush=True,
    )


def thread_count() -> int:
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return int(next(line for line in status if line.startswith("Threads:")).split()[1])
    except OSError:
        return threading.active_count()


def run_sync(call: Callable[[], object], calls: int) -> None:
    for _ in range(calls // 10 + 1):
        call()
    before, began = cpu(), time.perf_counter()
    for _ in range(calls):
        call()
    report(calls, before, began)


async def run_async(client: str, url: str, in_flight: int, calls: int) -> None:
    call = await globals()[f"async_{client}"](url)

    async def many(count: int) -> None:
        for _ in range(count):
            await call()

    async def all_of(count: int) -> None:
        await asyncio.gather(*(many(max(1, count // in_flight)) for _ in range(in_flight)))

    await all_of(max(in_flight, calls // 10))
    before, began = cpu(), time.perf_counter()
    await all_of(calls)
    report(max(1, calls // in_flight) * in_flight, before, began)
    # Not measured: some peers complain of open connections when their loop ends, and some abort the interpreter.
    os._exit(0)


if __name__ == "__main__":
    name, mode, url, number = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    if mode == "sync":
        run_sync(globals()[f"sync_{name}"](url), number)
    else:
        asyncio.run(run_async(name, url, int(mode), number))
