"""`Client(max_bytes_per_second=…)`: how fast media arrives at the server, and what the ceiling does not touch."""

import asyncio
import pickle
import time

import pytest
import xmedia
from support.clients import OAUTH1
from support.media import ID, video
from support.raw_server import Listener, reply
from xmedia.testing import MockServer

RATE = 400_000
#: Head and multipart of one request.
OVERHEAD = 2_000


class Meter(Listener):
    """Takes APPENDs and notes when how many bytes of which connection arrived. Some connections are not read at all."""

    def __init__(self, *, deaf=0):
        super().__init__()
        self.arrived = []
        self._deaf = deaf

    def serve(self, connection, number):
        if number <= self._deaf:
            return
        while True:
            head = b""
            while b"\r\n\r\n" not in head:
                if not (more := self._receive(connection, number)):
                    return
                head += more
            head, _, body = head.partition(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            left = length - len(body)
            while left > 0:
                if not (more := self._receive(connection, number)):
                    return
                left -= len(more)
            connection.sendall(reply(204))

    def _receive(self, connection, number):
        try:
            data = connection.recv(1 << 20)
        except OSError:
            return b""
        self.arrived.append((time.monotonic(), number, len(data)))
        return data

    @property
    def bytes(self):
        return sum(size for _, _, size in self.arrived)

    def most_in(self, seconds):
        """The most bytes that came within any time of that length."""
        moments = [at for at, _, _ in self.arrived]
        return max(sum(size for at, _, size in self.arrived if 0 <= at - begin < seconds) for begin in moments)

    def of(self, number, begin, end):
        return sum(size for at, by, size in self.arrived if by == number and begin <= at < end)


@pytest.fixture
def meter():
    with Meter() as meter:
        yield meter


@pytest.fixture
def limited():
    """Makes a client of a meter with a ceiling."""
    clients = []

    def make(meter, rate=RATE, **options):
        client = xmedia.Client(OAUTH1, base_url=meter.url, max_bytes_per_second=rate, retry=None, **options)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


def assert_lasted(began, seconds):
    """Never less than the ceiling asks for; a busy machine may add to it (bench/ measures how near it comes)."""
    assert seconds * 0.95 - 0.05 <= time.monotonic() - began < seconds * 2


def side_by_side(*calls):
    async def main():
        await asyncio.gather(*calls)

    asyncio.run(main())


def test_media_arrives_as_fast_as_the_ceiling_says_and_no_faster(call, meter, limited):
    began = time.monotonic()
    call(limited(meter), "append", ID, 0, bytes(600_000))
    assert_lasted(began, 600_000 / RATE)
    assert meter.most_in(1.0) <= RATE * 1.25 + OVERHEAD


def test_requests_at_the_same_time_share_the_ceiling(meter, limited):
    client = limited(meter)
    other = client.with_options(auth=xmedia.OAuth1("other", "s", "t", "u"), request_timeout=5)
    began = time.monotonic()
    side_by_side(*(each.append_async(ID, 0, bytes(150_000)) for each in (client, client, other, other)))
    assert_lasted(began, 600_000 / RATE)
    assert meter.connections == 4
    assert meter.most_in(1.0) <= RATE * 1.25 + 4 * OVERHEAD


def test_requests_take_turns(meter, limited):
    client = limited(meter)

    async def main():
        first = asyncio.create_task(client.append_async(ID, 0, bytes(400_000)))
        await asyncio.sleep(0.1)
        await client.append_async(ID, 1, bytes(100_000))
        await first

    asyncio.run(main())
    later = [at for at, number, _ in meter.arrived if number == 2]
    shares = [meter.of(number, later[0], later[-1]) for number in (1, 2)]
    assert shares == pytest.approx([100_000, 100_000], rel=0.4)


def test_what_is_held_back_is_not_counted_in_request_timeout(call, meter, limited):
    call(limited(meter, request_timeout=0.4), "append", ID, 0, bytes(RATE))
    assert meter.bytes >= RATE


def test_what_is_held_back_is_counted_in_the_timeout_of_a_verb(call, meter, limited):
    began = time.monotonic()
    with pytest.raises(xmedia.RequestTimeoutError):
        call(limited(meter), "append", ID, 0, bytes(10 * RATE), timeout=0.3)
    assert time.monotonic() - began < 1.3


def test_a_pickled_client_keeps_its_ceiling(meter, limited):
    client = pickle.loads(pickle.dumps(limited(meter)))
    began = time.monotonic()
    client.append(ID, 0, bytes(RATE // 2))
    client.close()
    assert time.monotonic() - began > 0.4


def test_bytes_that_were_given_up_hold_nobody_up(meter, limited):
    client = limited(meter)

    async def main():
        given_up = [asyncio.create_task(client.append_async(ID, 0, bytes(RATE))) for _ in range(30)]
        await asyncio.sleep(0.1)
        for task in given_up:
            task.cancel()
        await asyncio.wait(given_up)
        began = time.monotonic()
        await client.append_async(ID, 1, bytes(RATE // 4))
        return time.monotonic() - began

    # The thirty would take half a minute.
    assert asyncio.run(main()) < 2


def test_a_server_that_reads_nothing_holds_nobody_up(limited):
    with Meter(deaf=2) as meter:
        client = limited(meter, 200_000_000)

        async def main():
            deaf = [asyncio.create_task(client.append_async(ID, 0, bytes(20_000_000))) for _ in range(2)]
            await asyncio.sleep(0.1)
            await client.append_async(ID, 1, bytes(10_000_000), timeout=5)
            for task in deaf:
                task.cancel()
            await asyncio.wait(deaf)

        asyncio.run(main())
        assert meter.bytes >= 10_000_000


def test_holding_back_takes_no_computing(meter, limited):
    client = limited(meter, 100_000)
    client.append(ID, 0, b"connects")
    before = time.process_time()
    client.append(ID, 1, bytes(100_000))
    assert time.process_time() - before < 0.25


def test_other_requests_are_not_held_back(server, connect):
    server.add_media(ID, finalized=True)
    client = connect(server, max_bytes_per_second=1)
    began = time.monotonic()
    for _ in range(10):
        client.status(ID)
    client.set_alt_text(ID, "a description that is longer than one byte")
    assert time.monotonic() - began < 10


def test_a_ceiling_above_what_the_line_takes_changes_nothing(call, server, connect):
    data = video(3 << 20)
    media = call(connect(server, max_bytes_per_second=1e300), "upload", data, segment_bytes=1 << 20)
    assert server.media(media.media_id).size == len(data)


@pytest.mark.parametrize(("rate", "in_flight"), [(30_000, 1), (80_000, 2), (10_000_000, 4)])
def test_no_more_segments_are_in_flight_than_take_half_a_minute(rate, in_flight):
    with MockServer() as server:
        client = server.client(max_bytes_per_second=rate)

        async def main():
            uploading = asyncio.create_task(client.upload_async(video(8 << 20), segment_bytes=1 << 20, concurrency=4))
            most = 0
            for _ in range(30):
                await asyncio.sleep(0.02)
                most = max(most, client.stats().in_flight)
            uploading.cancel()
            await asyncio.wait([uploading])
            return most

        assert asyncio.run(main()) == in_flight
        client.close()
