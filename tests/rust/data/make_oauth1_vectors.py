"""Makes oauth1_vectors.json: requests signed by Python's oauthlib, which our own signing must equal.

Run `pip install oauthlib` and then `python tests/rust/data/make_oauth1_vectors.py`; the result is the same each time.
"""

import json
import random
import string
from pathlib import Path
from urllib.parse import quote, unquote

from oauthlib.oauth1 import SIGNATURE_TYPE_AUTH_HEADER, Client
from oauthlib.oauth1.rfc5849.signature import base_string_uri

RESERVED = "!*'();:@&=+$,/?#[]% \"<>\\^`{|}\t\r\n"
UNRESERVED = string.ascii_letters + string.digits + "-._~"
UNICODE = "éüßñøÆ漢字かな한글עבריתالعربية🎬🚀👩‍👩‍👧\u0301\u200b\ufeff"
URLS = [
    "https://upload.twitter.com/1.1/media/upload.json",
    "https://upload.x.com/1.1/media/upload.json",
    "https://api.x.com/2/media/upload",
    "https://api.twitter.com/2/media/upload/710511363345354753/finalize",
    "https://UPLOAD.Twitter.COM/1.1/media/upload.json",
    "HTTPS://api.x.com/2/media/upload/initialize",
    "https://api.x.com:443/2/media/upload",
    "https://api.x.com:8443/2/media/upload",
    "https://api.x.com:80/2/media/upload",
    "http://api.x.com:443/2/media/upload",
    "http://127.0.0.1:80/1.1/media/upload.json",
    "http://127.0.0.1:43211/1.1/media/upload.json",
    "http://localhost:8080/prefix/1.1/media/upload.json",
    "http://[::1]:8080/2/media/upload",
    "http://[::1]/2/media/upload",
    "http://EXAMPLE.com:80/r%20v/X",
    "https://www.example.net:8080/%7Euser/~user/",
    "https://example.com",
    "https://example.com/",
    "https://example.com/a;b=c/d,e/f@g:h",
]


def text(random: random.Random, alphabet: str, longest: int) -> str:
    return "".join(random.choice(alphabet) for _ in range(random.randint(0, longest)))


def realistic(random: random.Random) -> tuple[str, str, list[tuple[str, str]]]:
    """A method, an address and parameters as this client sends them."""
    media_id = str(random.randint(10**17, 10**19 - 1))
    upload, v2 = URLS[0], "https://api.x.com/2/media/upload"
    types = ["video/mp4", "image/gif", "model/vnd.usdz+zip", "text/vtt"]
    init = [("command", "INIT"), ("total_bytes", str(random.randint(1, 17179869184)))]
    init += [("media_type", random.choice(types)), ("media_category", random.choice(["tweet_video", "TweetVideo"]))]
    owners = [("additional_owners", ",".join(str(random.randint(1, 10**19)) for _ in range(3))), ("shared", "true")]
    return random.choice(
        [
            ("POST", upload, init),
            ("POST", upload, init + owners),
            ("POST", upload, [("command", "FINALIZE"), ("media_id", media_id)]),
            ("GET", upload, [("command", "STATUS"), ("media_id", media_id)]),
            ("POST", upload, []),
            ("GET", v2, [("command", "STATUS"), ("media_id", media_id)]),
            ("POST", f"{v2}/{media_id}/finalize", []),
            ("DELETE", "https://api.x.com/2/media/subtitles", []),
        ]
    )


def wild(random: random.Random) -> tuple[str, str, list[tuple[str, str]]]:
    """A method, an address and parameters as they would break a careless signer."""
    alphabet = random.choice([UNRESERVED, RESERVED, UNICODE, UNRESERVED + RESERVED + UNICODE])
    parameters = [(text(random, alphabet, 8), text(random, alphabet, 12)) for _ in range(random.randint(0, 6))]
    parameters = [(name, value) for name, value in parameters if not name.startswith("oauth_")]
    if parameters and random.random() < 0.5:
        name = random.choice(parameters)[0]
        parameters += [(name, text(random, alphabet, 6)) for _ in range(3)] + [(name, "")]
        parameters += [(name, "a b"), (name, "a~b"), (name, "aéb"), (name, "a")]
    return random.choice(["GET", "POST", "DELETE", "PUT"]), random.choice(URLS), parameters


def encode(parameters: list[tuple[str, str]]) -> str:
    return "&".join(f"{quote(name, safe='-._~')}={quote(value, safe='-._~')}" for name, value in parameters)


def sign(random: random.Random, number: int) -> dict[str, object]:
    method, url, parameters = realistic(random) if number % 3 == 0 else wild(random)
    plain = number % 2 == 0
    alphabet = string.ascii_letters + string.digits if plain else UNRESERVED + RESERVED[:20] + UNICODE
    key, secret, token, token_secret = (text(random, alphabet, 40) + random.choice(UNRESERVED) for _ in range(4))
    nonce = text(random, string.ascii_letters + string.digits, 31) + "n"
    timestamp = random.randint(1, 4 * 10**9)
    client = Client(key, secret, token, token_secret, signature_type=SIGNATURE_TYPE_AUTH_HEADER)
    # oauthlib makes these itself unless they are there already.
    client.nonce, client.timestamp = nonce, str(timestamp)
    # What stands in the query and what in a form body is signed alike.
    split = random.randint(0, len(parameters)) if method in {"POST", "PUT"} else len(parameters)
    query, form = parameters[:split], parameters[split:]
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    address = f"{url}?{encode(query)}" if query else url
    _, signed, _ = client.sign(address, method, encode(form) if form else None, headers)
    fields = signed["Authorization"].removeprefix("OAuth ").split(", ")
    header = {name: unquote(value.strip('"')) for name, value in (field.split("=", 1) for field in fields)}
    return {
        "method": method,
        "url": address,
        "parameters": parameters,
        "credentials": [key, secret, token, token_secret],
        "nonce": nonce,
        "timestamp": timestamp,
        "uri": base_string_uri(address),
        "signature": header["oauth_signature"],
        "header": ", ".join(sorted(fields)),
    }


def main() -> None:
    seeded = random.Random(5849)
    vectors = [sign(seeded, number) for number in range(360)]
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors)
    Path(__file__).with_name("oauth1_vectors.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
