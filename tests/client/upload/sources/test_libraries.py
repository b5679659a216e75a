"""Sources of other libraries: each arrives whole, is asked for its bytes once, and takes little memory."""

import asyncio
import bz2
import contextlib
import functools
import gzip
import hashlib
import http.client
import io
import lzma
import os
import random
import subprocess
import sys
import tempfile
import threading
import tracemalloc
import zipfile

import aiohttp
import fsspec
import httpx
import numpy as np
import obstore
import obstore.store
import pytest
import requests
import smart_open
import xmedia
from botocore.response import StreamingBody
from django.core.files import File
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from starlette.datastructures import UploadFile
from support.media import MP4
from support.raw_server import RawServer, reply
from werkzeug.datastructures import FileStorage

DATA = MP4 + random.Random(5).randbytes(8_000_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
OPTIONS = {"media_type": "video/mp4", "segment_bytes": 250_000, "wait": False}
#: What Python may hold at a time beyond the source: half the file, and more than the pieces under way.
MAX_MEMORY = 4 << 20


class Counted(io.BytesIO):
    """Bytes that count how many of them were read."""

    def __init__(self, data):
        super().__init__(data)
        self.size, self.taken = len(data), 0

    def read(self, size=-1):
        piece = super().read(size)
        self.taken += len(piece)
        return piece

    def readinto(self, buffer):
        count = super().readinto(buffer)
        self.taken += count
        return count

    read1 = read

    def times(self):
        """How often it was read."""
        return self.taken / self.size


def counted(data, wrapped):
    file = Counted(data)
    return wrapped(file), file.times


def zipped(_):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("clip.mp4", DATA)
    return counted(archive.getvalue(), lambda file: zipfile.ZipFile(file).open("clip.mp4"))


def compressed(module, compress):
    data = functools.cache(lambda: compress(DATA))

    def source(stack):
        return counted(data(), lambda file: stack.enter_context(module(file)))

    return source


def served(opened):
    """A response of a server on loopback, which counts how often it was asked."""

    def source(stack):
        web = stack.enter_context(RawServer(reply(body=DATA, headers=("Content-Type: video/mp4",))))
        return opened(stack, f"{web.url}/clip.mp4"), lambda: len(web.requests)

    return source


def from_http_client(stack, url):
    connection = stack.enter_context(contextlib.closing(http.client.HTTPConnection(url.split("/")[2])))
    connection.request("GET", "/clip.mp4")
    return connection.getresponse()


def from_requests(stack, url):
    return stack.enter_context(requests.get(url, stream=True, timeout=30))


def from_httpx(stack, url):
    client = stack.enter_context(httpx.Client(trust_env=False))
    return stack.enter_context(client.stream("GET", url))


def from_urllib3(stack, url):
    response = from_requests(stack, url)
    return StreamingBody(response.raw, len(DATA))


def in_fsspec():
    with fsspec.open("memory://clip.mp4", "wb") as file:
        file.write(DATA)
    return fsspec.open("memory://clip.mp4", "rb")


def in_archive(stack):
    """The address of a file in an archive, whose file system closes the archive when nobody has it any more."""
    path = on_disk(stack) + ".zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("clip.mp4", DATA)
    return f"zip://clip.mp4::file://{path}"


def in_obstore():
    store = obstore.store.MemoryStore()
    obstore.put(store, "clip.mp4", DATA)
    return store


def uncounted(made):
    """A source in which nothing can count."""
    return lambda stack: (made(stack), lambda: 1)


def filled(file):
    file.write(DATA)
    file.seek(0)
    return file


def temporary(kind, **options):
    return uncounted(lambda stack: filled(stack.enter_context(kind(**options))))


def piped(stack):
    """The end of a pipe; another thread writes into it."""
    reading, writing = os.pipe()

    def write():
        with open(writing, "wb") as file:
            file.write(DATA)

    thread = threading.Thread(target=write)
    thread.start()
    stack.callback(thread.join)
    return stack.enter_context(open(reading, "rb"))


def from_process(stack):
    code = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"
    command = [sys.executable, "-c", code, on_disk(stack)]
    return stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE)).stdout


def django_temporary(stack):
    """What `TemporaryUploadedFile` is, which itself wants settings."""
    file = stack.enter_context(tempfile.NamedTemporaryFile())  # noqa: SIM115  (the stack closes it)
    return UploadedFile(filled(file), "clip.mp4", "video/mp4", len(DATA))


#: Each with what counts how often its bytes were asked for.
SOURCES = {
    "zip member": zipped,
    "gzip": compressed(lambda file: gzip.GzipFile(fileobj=file), lambda data: gzip.compress(data, 1)),
    "bz2": compressed(bz2.BZ2File, lambda data: bz2.compress(data, 1)),
    "lzma": compressed(lzma.LZMAFile, lambda data: lzma.compress(data, preset=0)),
    "smart_open, a file": uncounted(lambda stack: stack.enter_context(smart_open.open(on_disk(stack), "rb"))),
    "smart_open, http": served(lambda stack, url: stack.enter_context(smart_open.open(url, "rb"))),
    "fsspec, not opened": uncounted(lambda stack: in_fsspec()),
    "fsspec, opened": uncounted(lambda stack: stack.enter_context(in_fsspec().open())),
    "fsspec, by address": uncounted(lambda stack: in_fsspec() and "memory://clip.mp4"),
    "fsspec, in an archive, not opened": uncounted(lambda stack: fsspec.open(in_archive(stack), "rb")),
    "fsspec, in an archive, by address": uncounted(in_archive),
    "fsspec, copied before, by address": uncounted(lambda stack: f"simplecache::file://{on_disk(stack)}"),
    "obstore store and path": uncounted(lambda stack: (in_obstore(), "clip.mp4")),
    "obstore reader": uncounted(lambda stack: obstore.open_reader(in_obstore(), "clip.mp4")),
    "obstore result": uncounted(lambda stack: obstore.get(in_obstore(), "clip.mp4")),
    "obstore stream": uncounted(lambda stack: obstore.get(in_obstore(), "clip.mp4").stream()),
    "http.client": served(from_http_client),
    "requests": served(from_requests),
    "requests, raw": served(lambda stack, url: from_requests(stack, url).raw),
    "httpx": served(from_httpx),
    "boto3 body": served(from_urllib3),
    "boto3 body in memory": lambda stack: counted(DATA, lambda file: StreamingBody(file, len(DATA))),
    "starlette": lambda stack: counted(DATA, lambda file: UploadFile(file, filename="clip.mp4")),
    "werkzeug": lambda stack: counted(DATA, lambda file: FileStorage(file, filename="clip.mp4")),
    "django, a file": lambda stack: counted(DATA, lambda file: File(file, "clip.mp4")),
    "django, in memory": lambda stack: counted(
        DATA, lambda file: InMemoryUploadedFile(file, "file", "clip.mp4", "video/mp4", len(DATA), None)
    ),
    "django, temporary": uncounted(django_temporary),
    "temporary file": temporary(tempfile.TemporaryFile),
    "named temporary file": temporary(tempfile.NamedTemporaryFile),
    "spooled temporary file": temporary(tempfile.SpooledTemporaryFile),
    "spooled temporary file on disk": temporary(tempfile.SpooledTemporaryFile, max_size=1000),
    "pipe": uncounted(piped),
    "output of a process": uncounted(from_process),
    "numpy array": uncounted(lambda stack: np.frombuffer(DATA, np.uint8)),
    "numpy, every second column": uncounted(
        lambda stack: np.repeat(np.frombuffer(DATA, np.uint8), 2).reshape(-1, 2)[:, 0]
    ),
    "numpy pieces": uncounted(lambda stack: iter(np.array_split(np.frombuffer(DATA, np.uint8), 50))),
}
#: How many times the file is held besides: memory with gaps has to be put together first (for which Python itself takes
#: it twice), and obstore gives pieces of 10 MiB.
HELD = {"numpy, every second column": 2, "obstore result": 1, "obstore stream": 1}


def on_disk(stack):
    path = stack.enter_context(tempfile.TemporaryDirectory()) + "/clip.mp4"
    with open(path, "wb") as file:
        file.write(DATA)
    return path


@contextlib.contextmanager
def little_memory(limit=MAX_MEMORY):
    """Python holds no more at a time than this, beyond what it held before."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        yield
        assert tracemalloc.get_traced_memory()[1] - before <= limit
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_it_arrives_whole_is_asked_once_and_takes_little_memory(server, call, name):
    with contextlib.ExitStack() as stack:
        source, times = SOURCES[name](stack)
        with little_memory(MAX_MEMORY + len(DATA) * HELD.get(name, 0)):
            media = call(server.client(), "upload", source, **OPTIONS)
        assert server.media(media).sha256 == SHA256
        # What is compressed, or has an index, has some bytes more.
        assert times() <= 1.05


@contextlib.asynccontextmanager
async def from_aiohttp(url):
    async with aiohttp.ClientSession(trust_env=False) as session, session.get(url) as response:
        yield response


@contextlib.asynccontextmanager
async def content_of_aiohttp(url):
    async with from_aiohttp(url) as response:
        yield response.content


@contextlib.asynccontextmanager
async def from_httpx_async(url):
    async with httpx.AsyncClient(trust_env=False) as client, client.stream("GET", url) as response:
        yield response


@pytest.mark.parametrize("opened", [from_aiohttp, content_of_aiohttp, from_httpx_async], ids=lambda each: each.__name__)
def test_a_response_that_is_awaited_arrives_whole_and_is_asked_for_once(server, opened):
    async def main(url):
        async with opened(url) as response:
            with little_memory():
                return await server.client().upload_async(response, **OPTIONS)

    with RawServer(reply(body=DATA, headers=("Content-Type: video/mp4",))) as web:
        media = asyncio.run(main(f"{web.url}/clip.mp4"))
        assert len(web.requests) == 1
    assert server.media(media).sha256 == SHA256


def test_an_async_reader_of_obstore_arrives_whole(server):
    async def main():
        reader = await obstore.open_reader_async(in_obstore(), "clip.mp4")
        with little_memory():
            return await server.client().upload_async(reader, **OPTIONS)

    assert server.media(asyncio.run(main())).sha256 == SHA256


@pytest.mark.parametrize("opened", [from_requests, from_http_client], ids=lambda each: each.__name__)
def test_a_response_that_was_read_before_says_so(server, call, opened):
    with contextlib.ExitStack() as stack:
        response, _ = served(opened)(stack)
        for _ in iter(response.raw.read if opened is from_requests else response.read, b""):
            pass
        with pytest.raises(xmedia.InvalidInputError, match=r"empty.*read before or is closed"):
            call(server.client(), "upload", response)
        assert server.commands == []
