"""`Exchange`: one request and its answer, without secrets."""

from dataclasses import dataclass, field
from datetime import datetime

from .._display.documentation import public_class
from .models import brief_repr


@public_class
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Exchange:
    """One request of a call and its answer; an error has the last of them in `exchanges`.

    No secret is in it: what the client signs with stands as `[not shown]` wherever a server repeats it. The
    bodies of TOKEN and REVOKE, cookies and `Authorization` are left out.
    """

    command: str
    """`'INIT'`, `'APPEND'`, `'FINALIZE'`, `'STATUS'` and so on."""
    media_id: int | None = None
    """The media it was about, if that had an id already."""
    attempt: int = 1
    """1 for the first request of a command, 2 for its first repetition."""
    method: str
    """The HTTP method."""
    url: str
    """The address with its query."""
    request_headers: dict[str, str] = field(default_factory=dict, hash=False)
    """Headers by name, in lower case."""
    request_body: str | None = None
    """The body as text, at most 4 KiB of it, or None. Of a multipart body the fields are written as those of a form,
    with the media's size in place of its bytes: `segment_index=0&media=<5000000 bytes>`.
    """
    status: int | None = None
    """The HTTP status, or None when no answer came."""
    response_headers: dict[str, str] = field(default_factory=dict, hash=False)
    """Headers by name, in lower case; the values of one that came twice are joined by a comma."""
    response_body: str | None = None
    """The body as text, at most 4 KiB of it, or None."""
    error: str | None = None
    """How it broke when no answer came: `'refused'` (no connection was made), `'reset'`, `'closed'` (before an answer
    began), `'cut'` (within the answer) or `'timeout'`.
    """
    started_at: datetime
    """When the request began, in UTC."""
    duration: float = 0.0
    """Seconds until its answer was read, or until it broke."""
    bytes_sent: int = 0
    """The size of its body, the media's bytes included; 0 if no connection was made."""
    # What `save_har` writes besides, so that a replay goes the same way: the length of the body, and of a body that may
    # hold tokens what is not secret.
    _response_size: int | None = field(default=None, repr=False, compare=False)
    _outline: str | None = field(default=None, repr=False, compare=False)

    __repr__ = brief_repr
