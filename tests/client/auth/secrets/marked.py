"""Credentials with a mark in each secret, and the search for the mark in all that can be looked at."""

import base64
import copy
import dataclasses
import pickle
import traceback

import xmedia

MARK = "s3kr1t"
KEY, SECRET, TOKEN, TOKEN_SECRET = (f"{MARK}-{name}" for name in ("ck", "cs", "at", "ats"))
OAUTH1 = xmedia.OAuth1(KEY, SECRET, TOKEN, TOKEN_SECRET)
ACCESS, REFRESH, CLIENT_SECRET = (f"{MARK}-{name}" for name in ("access", "refresh", "client"))
PASSWORD = f"{MARK}-proxy"
#: Characters that URLs, forms, JSON and headers write otherwise.
RESERVED = "+/=&%\"'~:,"
AUTHS = {
    "OAuth1": xmedia.OAuth1(*(f"{RESERVED}{each}{RESERVED}" for each in (KEY, SECRET, TOKEN, TOKEN_SECRET))),
    "OAuth2": xmedia.OAuth2(f"{RESERVED}{ACCESS}{RESERVED}"),
}
#: What none of it may hold: the mark itself, as it is in HTTP Basic, and turned round.
BASIC = [base64.b64encode(f"app:{CLIENT_SECRET}".encode()), base64.b64encode(f"user:{PASSWORD}".encode())]
MARKS = [MARK, MARK[::-1], *(each.decode()[4:-4] for each in BASIC)]


def oauth2(**options):
    return xmedia.OAuth2(ACCESS, refresh_token=REFRESH, client_id="app", client_secret=CLIENT_SECRET, **options)


def assert_silent(*texts):
    for each in texts:
        text = each.decode("latin-1") if isinstance(each, bytes) else str(each)
        found = [mark for mark in MARKS if mark in text]
        assert not found, text


def every_view(value):
    """All that a program might print, log or store of an object that is not the credentials."""
    yield from (repr(value), str(value), f"{value!r:}")
    if dataclasses.is_dataclass(value):
        yield repr(dataclasses.asdict(value))


def every_view_of_error(error):
    """The same of an error, with its causes, its attributes and its traceback, local variables included."""
    yield "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    while error is not None:
        yield from (repr(error), str(error), repr(error.args), repr(vars(error)), repr(getattr(error, "__notes__", "")))
        for name in dir(error):
            if not name.startswith("__"):
                yield repr(getattr(error, name, None))
        if isinstance(error, xmedia.XMediaError):
            yield from (pickle.dumps(error), repr(copy.deepcopy(error)), pickle.dumps(error, 0))
        error = error.__cause__ or error.__context__


ENVIRON = {
    "X_CONSUMER_KEY": KEY,
    "X_CONSUMER_SECRET": SECRET,
    "X_ACCESS_TOKEN": TOKEN,
    "X_ACCESS_TOKEN_SECRET": TOKEN_SECRET,
}
