"""What the soak run meets besides chaos: peers that do not read, loops closed under calls, sources that stall."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import threading
import time
import warnings
from collections.abc import Iterator

import xmedia

_KEYS = xmedia.OAuth1("consumer-key", "consumer-secret", "1-access-token", "access-token-secret")
_ID = 710511363345354753
#: More than the system takes for a connection whose other end does not read.
_BODY = b"\0\0\0\x18ftypmp42" + bytes(8 << 20)


class DeafServer:
    """Takes connections and never reads from them; keeps the newest few hundred."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._kept: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._kept.append(self._listener.accept()[0])
                while len(self._kept) > 20:
                    self._kept.pop(0).close()

    def close(self) -> None:
        """Let go of everything."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._kept:
            each.close()


def _stalling() -> Iterator[bytes]:
    yield _BODY[:100]
    while True:
        time.sleep(0.02)
        yield b""


def _one(client: xmedia.Client, kind: str, timeout: float) -> str | None:
    """One call of this kind; what is wrong with it."""
    began = time.monotonic()
    with contextlib.suppress(xmedia.XMediaError, TimeoutError):
        if kind == "not read":
            client.append(_ID, 0, _BODY, timeout=timeout)
        elif kind == "stalling":
            kinds = {"media_type": "video/mp4", "media_category": "tweet_video"}
            client.upload(_stalling(), total_bytes=1 << 20, timeout=timeout, **kinds)  # type: ignore[arg-type]
        elif kind == "cancelled":
            asyncio.run(_cancelled(client, timeout))
        else:
            _close_loop_under(client)
    took = time.monotonic() - began
    return f"{kind}: a call with timeout={timeout} took {took:.1f} s" if took > timeout + 1.5 else None


def work(url: str, seed: int, end: float) -> list[str]:
    """One round after the other until the end; what went wrong."""
    chance, wrong = random.Random(seed), []
    deaf = DeafServer()
    warnings.simplefilter("ignore", ResourceWarning)
    while time.monotonic() < end:
        timeout = chance.uniform(0.05, 0.3)
        kind = chance.choice(["not read", "closed loop", "stalling", "cancelled"])
        with xmedia.Client(_KEYS, base_url=deaf.url if kind != "stalling" else url, retry=None) as client:
            if (found := _one(client, kind, timeout)) is not None:
                wrong.append(found)
    deaf.close()
    return wrong


async def _cancelled(client: xmedia.Client, timeout: float) -> None:
    async with asyncio.timeout(timeout):
        await client.append_async(_ID, 0, _BODY)


def _close_loop_under(client: xmedia.Client) -> None:
    event_loop = asyncio.new_event_loop()
    event_loop.set_exception_handler(lambda *_: None)
    task = event_loop.create_task(client.status_async(_ID))
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # that is what is meant here
    event_loop.run_until_complete(asyncio.sleep(0.01))
    event_loop.close()
