"""Words of a hostile server: what it may write, where, and what must not be seen of it."""

import unicodedata

from support.media import ID
from support.raw_server import reply

TEXTS = {
    "lines of its own": "bad\r\n2026-01-01 00:00:00 INFO root: payment accepted\u2028b\u2029c\x85d\x0be\x0cf",
    # A cleared screen, colours, a window's title, a link, the clipboard; the same in one byte; and backspaces.
    "commands to a terminal": "bad\x1b[2J\x1b[31;5m\x1b]0;owned\x07\x1b]8;;http://evil.invalid\x1b\\click\x1b]8;;\x1b\\"
    "\x1b]52;c;cm0gLXJm\x07\x9b2J\x9d0;owned\x9c\x90q\x9c\x08\x08\x08good\x00\x7f",
    "writing from right to left": "bad\u202egnp.exe\u2066a\u2069\u200f\u061c\u202c",
    "what hides itself": "bad\u200b\u2060\u3164\u180e\u034f\u115f\ufeff\U000e0041\U000e0100\U0001d173",
    "very long": "bad" + "\u20ac" * 200_000,
    "very long, all of it escaped": "bad" + "\x1b" * 100_000,
}


def _processing(**info):
    return reply(json={"media_id": ID, "media_id_string": str(ID), "processing_info": info})


#: By the place where the text stands: an answer to STATUS, or to any other command.
ANSWERS = {
    "message of a failure": lambda text: _processing(state="failed", error={"code": 1, "name": "No", "message": text}),
    "name of a failure": lambda text: _processing(state="failed", error={"code": 1, "name": text}),
    "failure that is text": lambda text: _processing(state="failed", error=text),
    "state": lambda text: _processing(state=text, check_after_secs=0.01),
    "message of an error": lambda text: reply(400, json={"errors": [{"code": 324, "message": text}]}),
    "message of an outage": lambda text: reply(503, json={"errors": [{"code": 130, "message": text}]}),
    "error that is text": lambda text: reply(403, json={"error": text}),
    "title and detail": lambda text: reply(400, json={"title": text, "detail": text, "type": text}),
    "description": lambda text: reply(400, json={"error": text, "error_description": text}),
    "page": lambda text: reply(403, body=f"<html><title>{text}</title>{text}</html>".encode()),
    "plain text": lambda text: reply(403, body=text.encode()),
    "error in a success": lambda text: reply(json={"media_id": ID, "error": text}),
    "errors in a success": lambda text: reply(json={"errors": [{"title": text, "detail": text}]}),
    "member's name": lambda text: reply(json={"media_id": ID, text: text, "processing_info": text}),
    "media id": lambda text: reply(json={"media_id": text, "media_id_string": text}),
    # Of both the HTTP library takes no control characters: then there is no answer, or no such header.
    "reason": lambda text: f"HTTP/1.1 403 {text[:5000]}\r\nContent-Length: 0\r\n\r\n".encode(),
    "header": lambda text: (
        f"HTTP/1.1 403 No\r\nx-transaction-id: {text[:5000]}\r\nRetry-After: {text[:5000]}\r\n"
        f"Date: {text[:5000]}\r\nContent-Length: 0\r\n\r\n"
    ).encode(),
}

#: Text of the server's is shown to this length; our own sentences around it are shorter than the rest.
MOST = 500 + 400


def unfit(text, most=MOST):
    """What must not be shown in one line of text: characters that do something or hide themselves, or the length."""
    bad = {
        f"U+{ord(each):04X}"
        for each in text
        if unicodedata.category(each) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        or each in "\u034f\u115f\u3164"
        or 0xE0000 <= ord(each) <= 0xE0FFF
    }
    return bad | ({f"{len(text)} characters"} if len(text) > most else set())
