"""Sends what requests would send to X to the benchmark's server, for clients whose address cannot be set."""

from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter


class Redirect(HTTPAdapter):
    """An adapter for `https://` that speaks plain http with `url`; the signature still names the address of X."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = f"{self._url}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return super().send(request, **options)
