"""What each driver is given, and how it reports what it did."""

import json
import sys
from types import SimpleNamespace

#: The hosts that clients write into their requests, and sign.
HOSTS = ("upload.twitter.com", "api.twitter.com", "upload.x.com", "api.x.com")


def job() -> SimpleNamespace:
    """The mock server's URL, credentials, kind of authentication, and the files to send."""
    return SimpleNamespace(**json.loads(sys.argv[1]))


def done(video: object, image: object) -> None:
    """Report the ids of the two uploads."""
    print(json.dumps({"video": str(video), "image": str(image)}))


def redirect(session: object, url: str) -> None:
    """Let a requests session that believes in X's hosts talk to the mock server; what it signed stays as it is."""
    from requests.adapters import HTTPAdapter

    class ToMock(HTTPAdapter):
        def send(self, request, **options):
            host = request.url.split("/")[2]
            request.url = request.url.replace(f"https://{host}", url)
            return super().send(request, **options)

    for host in HOSTS:
        session.mount(f"https://{host}", ToMock())
