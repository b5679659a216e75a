"""The page of this machine that a browser is sent to at the end of a login.

Only `xmedia login` loads this file: what serves HTTP takes longer to import than the rest of the command line.
"""

import html
import http.server
import socket
import threading
import urllib.parse
from collections.abc import Callable

from ... import InvalidInputError, LoginDeniedError, OAuth2Login

_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>xmedia</title>'
    '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
    "<body style='font: 1.2em/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 32em'>"
    "<h1 style='font-size: 1.3em'>xmedia</h1><p>{}</p>"
)


class CallbackServer(http.server.ThreadingHTTPServer):
    """Listens at the redirect address of a login until one callback has ended it.

    Args:
        begun: The login.
        finish: Called with the callback address, once.

    Raises:
        OSError: The port cannot be listened on.
    """

    # Another login that waits on this port must be seen.
    allow_reuse_port = False
    daemon_threads = True

    def __init__(self, begun: OAuth2Login, finish: Callable[[str], None]) -> None:
        self._begun = begun
        self._finish = finish
        self._failure: Exception | None = None
        self.turn, self.over, self.shown = threading.Lock(), threading.Event(), threading.Event()
        redirect = urllib.parse.urlsplit(begun.redirect_uri)
        # Browsers ask for "/" where an address has no path.
        self.path = redirect.path or "/"
        host, port = "::1" if redirect.hostname == "::1" else "127.0.0.1", redirect.port or 80
        self.address_family = socket.AF_INET6 if host == "::1" else socket.AF_INET
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            taken = f"cannot listen on port {port} of the redirect address ({error.strerror}); use --headless"
            raise OSError(error.errno, taken) from None
        # From now on, since a browser of the terminal keeps whoever opens it waiting.
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()

    def wait(self) -> None:
        """Wait until a callback has ended the login, and raise what made it fail."""
        try:
            while not self.over.wait(0.2):
                pass
            # The browser still asks for the page that it is sent to.
            self.shown.wait(2)
        finally:
            self.shutdown()
        if self._failure is not None:
            raise self._failure

    def end(self, path: str) -> str | None:
        """End the login by a callback to this path; or say why it is not one."""
        callback_url = urllib.parse.urljoin(self._begun.redirect_uri, path)
        try:
            self._begun._core.check(callback_url)
        except InvalidInputError as error:
            return str(error)
        except LoginDeniedError as error:
            self._failure = error
        else:
            try:
                self._finish(callback_url)
            except Exception as error:
                self._failure = error
        self.over.set()
        return None

    def last_page(self) -> tuple[int, str]:
        """The status and the sentence of the page that says how the login ended."""
        if self._failure is not None:
            return 400, f"The login failed: {self._failure}"
        return 200, "You are logged in. You can close this page."


class _Handler(http.server.BaseHTTPRequestHandler):
    server: CallbackServer
    # Browsers open connections that they may never use.
    timeout = 10

    def do_GET(self) -> None:
        login = self.server
        if urllib.parse.urlsplit(self.path).path != login.path:
            self._page(404, "This page does not exist.")
            return
        with login.turn:
            if login.over.is_set():
                self._page(*login.last_page())
                login.shown.set()
            elif (refusal := login.end(self.path)) is not None:
                self._page(400, refusal)
            else:
                self._redirect(login.path)

    def _redirect(self, path: str) -> None:
        """Send the browser on: the code must not stay in its address and history."""
        self.send_response(303)
        self.send_header("Location", path)
        self.send_header("Content-Length", "0")
        self._end()

    def _page(self, status: int, sentence: str) -> None:
        body = _PAGE.format(html.escape(sentence)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self._end()
        self.wfile.write(body)

    def _end(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the address holds the code."""
