"""Every request of API 2 that xmedia sends for media, and the mock server's answers, as they were on the wire."""

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import xmedia
from xmedia.testing import MockServer
from xmedia.testing._rows import DUMMY_OAUTH2

_MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08mdat" + bytes(2000)
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x02\x08\2\0\0\0" + bytes(4)
_SRT = b"1\n00:00:00,000 --> 00:00:01,000\nMeow.\n"
_METADATA = {
    "domain_restrictions": {"whitelist": ["example.com"]},
    "content_expiration": {"timestamp_sec": 1_900_000_000},
    "found_media_origin": {"provider": "giphy", "id": "1"},
    "upload_source": {"upload_source": "gallery"},
    "management_info": {"managed": True},
    "shared_info": {"shared": True},
}
#: What a proxy does not pass on.
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class Exchange:
    """A request and its answer."""

    method: str
    target: str
    headers: Mapping[str, str]
    content_type: str
    body: bytes
    status: int
    answer_type: str
    answer: bytes


@contextlib.contextmanager
def _recorded(upstream: str, exchanges: list[Exchange]) -> Iterator[str]:
    """The address of a proxy on loopback that passes requests on and keeps them with their answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            connection = http.client.HTTPConnection(urlsplit(upstream).netloc, timeout=30)
            connection.request(self.command, self.path, body or None, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            types = (self.headers.get("content-type", ""), answer.getheader("content-type", ""))
            headers = {name.lower(): value for name, value in self.headers.items()}
            exchanges.append(
                Exchange(self.command, self.path, headers, types[0], body, answer.status, types[1], content)
            )
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _pass_on  # noqa: N815  (the names that the base class looks for)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_address[1]}"
        finally:
            proxy.shutdown()
            thread.join()


def _uploads(client: xmedia.Client) -> None:
    options = {"media_category": "tweet_video", "segment_bytes": 1000, "concurrency": 1}
    video = client.upload(_MP4, **options, additional_owners=[2244994945], shared=True, alt_text="a cat")  # type: ignore[arg-type]
    client.initialize(10, "video/mp4")
    client.upload(_PNG, additional_owners=[2244994945], shared=True)
    words = client.upload(_SRT, media_type="text/srt", media_category="subtitles")
    client.set_metadata(video, allow_download=True, sensitive="adult_content", metadata=_METADATA)
    client.set_subtitles(video, xmedia.Subtitle(media_id=words, language_code="EN", display_name="English"))
    client.delete_subtitles(video, "EN")


def _refusals(client: xmedia.Client) -> Iterator[Callable[[], object]]:
    opened = client.initialize(10, "video/mp4", media_category="tweet_video")
    yield lambda: client.initialize(10, "video/unknown")
    yield lambda: client.append(5, 0, b"x")
    yield lambda: client.append(opened, 0, bytes(5001))
    yield lambda: client.finalize(opened)
    yield lambda: client.status(5)
    yield lambda: client.set_metadata(5, alt_text="a cat")
    yield lambda: client.set_metadata(opened, metadata={"colour": {}})
    yield lambda: client.delete_subtitles(5, "EN")
    yield lambda: client.with_options(auth=xmedia.OAuth2("wrong")).status(5)
    yield lambda: client.initialize(10, "video/mp4")


def exchanges() -> list[Exchange]:
    """Carry out every command with what it may be given, and have what the server refuses refused."""
    kept: list[Exchange] = []
    failed = {"state": "failed", "error": {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}}
    limits = {"INIT": (5, 60.0)}
    auth = xmedia.OAuth2(DUMMY_OAUTH2)
    with (
        MockServer(check_after_secs=0, max_segment_bytes=5000, rate_limits=limits) as server,
        _recorded(server.url, kept) as address,
        xmedia.Client(auth, base_url=address, retry=None, check="off") as client,
    ):
        _uploads(client)
        server.set_processing(["pending", failed])
        with contextlib.suppress(xmedia.MediaProcessingError):
            client.upload(_MP4, media_category="tweet_video")
        for refused in _refusals(client):
            with contextlib.suppress(xmedia.APIError):
                refused()
    return kept
