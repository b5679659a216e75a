"""`waits.py COUNT URL`: that many FINALIZEs and waits at once, each pending for a second, in one event loop."""

import asyncio
import json
import resource
import sys
import time

import xmedia
from finalize import KEYS, cpu, thread_count

FIRST = 710511363345354753


async def main(count: int, url: str) -> None:
    async with xmedia.Client(xmedia.OAuth1(*KEYS), base_url=url) as client:

        async def one(media_id: int) -> bool:
            media = await client.finalize_async(media_id, timeout=None)
            return (await client.wait_async(media)).ready

        await one(FIRST)
        before, began = cpu(), time.perf_counter()
        threads = 0

        async def watch() -> None:
            nonlocal threads
            while True:
                threads = max(threads, thread_count())
                await asyncio.sleep(0.2)

        watching = asyncio.create_task(watch())
        ready = sum(await asyncio.gather(*(one(FIRST + 1 + number) for number in range(count))))
        watching.cancel()
        result = {
            "calls": count,
            "ready": ready,
            "cpu": cpu() - before,
            "wall": time.perf_counter() - began,
            "threads": threads,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        # The same number of plain calls, as a measure of what this machine does in the time.
        before, began = cpu(), time.perf_counter()
        await asyncio.gather(*(client.finalize_async(FIRST + number, timeout=None) for number in range(count)))
        await asyncio.gather(*(client.finalize_async(FIRST + number, timeout=None) for number in range(count)))
        result |= {"plain_wall": time.perf_counter() - began, "plain_cpu": cpu() - before}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
