"""`crowd.py CLIENTS LOOPS THREADS URL CALLS`: what CALLS STATUSes take in a process that holds all of these, idle."""

import asyncio
import sys
import threading

import xmedia
from finalize import ID, KEYS, run_sync


def main(clients: int, loops: int, threads: int, url: str, calls: int) -> None:
    auth = xmedia.OAuth1(*KEYS)
    idle = [xmedia.Client(auth, base_url=url) for _ in range(clients)]
    over, ready = threading.Event(), threading.Semaphore(0)

    def hold(mine: list[xmedia.Client]) -> None:
        # Each loop has made a call, and stays open.
        held = [asyncio.new_event_loop() for _ in mine]
        for loop, client in zip(held, mine, strict=True):
            loop.run_until_complete(client.finalize_async(ID))
        ready.release()
        over.wait()
        for loop in held:
            loop.close()

    holders = [threading.Thread(target=hold, args=(idle[:loops][place::threads],)) for place in range(threads)]
    for holder in holders:
        holder.start()
    for _ in holders:
        ready.acquire()
    client = xmedia.Client(auth, base_url=url)
    run_sync(lambda: client.status(ID), calls)
    over.set()
    for holder in holders:
        holder.join()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), sys.argv[4], int(sys.argv[5]))
