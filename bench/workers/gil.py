"""`gil.py SECONDS URL`: a counter in pure Python, alone and beside 8 threads that finalize in a loop."""

import json
import sys
import threading
import time

import xmedia
from finalize import ID, KEYS


def count_for(seconds: float) -> float:
    """Iterations per second of CPU that this thread got."""
    until, before, number = time.perf_counter() + seconds, time.thread_time(), 0
    while time.perf_counter() < until:
        for _ in range(1000):
            number += 1
    return number / (time.thread_time() - before)


def main(seconds: float, url: str) -> None:
    client = xmedia.Client(xmedia.OAuth1(*KEYS), base_url=url)
    client.finalize(ID)
    over, calls = threading.Event(), [0] * 8

    def finalize(place: int) -> None:
        while not over.is_set():
            client.finalize(ID)
            calls[place] += 1

    alone = count_for(seconds)
    threads = [threading.Thread(target=finalize, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    beside = count_for(seconds)
    over.set()
    for thread in threads:
        thread.join()
    print(json.dumps({"alone": alone, "beside": beside, "calls": sum(calls)}), flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2])
