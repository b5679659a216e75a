"""`ready.py COUNT SPREAD URL`: how long after "ready on the server" each of COUNT waits returned.

The server says in each STATUS at which moment of the monotonic clock, which all processes share, the media was due.
"""

import asyncio
import json
import sys
import time

import xmedia
from finalize import KEYS, cpu

FIRST = 710511363345354753


async def main(count: int, spread: float, url: str) -> None:
    async with xmedia.Client(xmedia.OAuth1(*KEYS), base_url=url) as client:
        late: list[float] = []

        async def one(number: int) -> None:
            await asyncio.sleep(spread * number / count)
            media = await client.finalize_async(FIRST + number)
            media = await client.wait_async(media)
            late.append(time.monotonic() - float(str(media.raw["due"])))

        await one(0)
        late.clear()
        before, began = cpu(), time.perf_counter()
        if count == 1:
            for number in range(10):
                await one(number)
        else:
            await asyncio.gather(*map(one, range(count)))
        late.sort()
        print(
            json.dumps(
                {
                    "calls": len(late),
                    "median_ms": late[len(late) // 2] * 1000,
                    "p99_ms": late[min(len(late) - 1, len(late) * 99 // 100)] * 1000,
                    "cpu": cpu() - before,
                    "wall": time.perf_counter() - began,
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
