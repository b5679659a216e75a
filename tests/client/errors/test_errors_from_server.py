"""Every refusal of docs/how/wire.md#4-errors becomes a typed error with what is known, and an instruction."""

import pickle

import pytest
import xmedia
from support.media import ID
from xmedia.testing import Fault, Reply

PROBLEMS = "https://api.twitter.com/2/problems/"
#: version, answer, class, attributes, what the message says.
CASES = [
    (
        "1.1",
        Reply(400, json={"errors": [{"code": 324, "message": "Duration too long, maximum:30000"}]}),
        xmedia.BadRequestError,
        {"status": 400, "code": 324, "detail": "Duration too long, maximum:30000"},
        "media_category",
    ),
    (
        "1.1",
        Reply(400, json={"request": "/1.1/media/upload.json", "error": "media type unrecognized."}),
        xmedia.BadRequestError,
        {"status": 400, "code": None, "detail": "media type unrecognized."},
        "media type unrecognized",
    ),
    (
        "2",
        Reply(400, body=b"media type unrecognized"),
        xmedia.BadRequestError,
        {"status": 400, "detail": "media type unrecognized", "body": "media type unrecognized"},
        "media type unrecognized",
    ),
    (
        "2",
        Reply(
            400,
            json={
                "errors": [{"message": "Segments do not add up", "parameters": {}}],
                "title": "Invalid Request",
                "detail": "One or more parameters to your request was invalid.",
                "type": f"{PROBLEMS}invalid-request",
            },
        ),
        xmedia.BadRequestError,
        {
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "problem_type": f"{PROBLEMS}invalid-request",
            "not_found": False,
        },
        "Segments do not add up",
    ),
    (
        "2",
        Reply(
            400,
            json={
                "errors": [{"message": "BadRequest: Not found", "parameters": {"media_id": ["1"]}}],
                "title": "Invalid Request",
                "type": f"{PROBLEMS}invalid-request",
            },
        ),
        xmedia.BadRequestError,
        {"status": 400, "not_found": True},
        "Not found",
    ),
    (
        "1.1",
        Reply(401, json={"errors": [{"code": 32, "message": "Could not authenticate you."}]}),
        xmedia.AuthenticationError,
        {"status": 401, "code": 32},
        "credentials",
    ),
    (
        "2",
        Reply(401, json={"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}),
        xmedia.AuthenticationError,
        {"status": 401, "title": "Unauthorized", "problem_type": "about:blank"},
        "token",
    ),
    (
        "2",
        Reply(
            402,
            json={
                "title": "Payment Required",
                "detail": "credits depleted",
                "type": "https://api.x.com/2/problems/credits-depleted",
            },
        ),
        xmedia.PaymentRequiredError,
        {"status": 402, "detail": "credits depleted"},
        "credits",
    ),
    ("1.1", Reply(403), xmedia.PermissionDeniedError, {"status": 403, "body": "", "code": None}, 'api="2"'),
    (
        "2",
        Reply(403, json={"title": "Forbidden", "type": "about:blank", "status": 403, "detail": "Forbidden"}),
        xmedia.PermissionDeniedError,
        {"status": 403, "title": "Forbidden"},
        "read and write",
    ),
    (
        "1.1",
        Reply(404, json={"errors": [{"code": 34, "message": "Sorry, that page does not exist"}]}),
        xmedia.NotFoundError,
        {"status": 404, "code": 34, "not_found": True},
        'api="2"',
    ),
    ("2", Reply(404), xmedia.NotFoundError, {"status": 404, "not_found": True}, "unknown"),
    ("1.1", Reply(410), xmedia.APIError, {"status": 410}, 'api="2"'),
    ("2", Reply(413), xmedia.PayloadTooLargeError, {"status": 413, "body": ""}, "smaller"),
    ("2", Reply(431), xmedia.APIError, {"status": 431}, "smaller"),
    (
        "1.1",
        Reply(
            429,
            json={"errors": [{"code": 88, "message": "Rate limit exceeded"}]},
            headers={"x-rate-limit-limit": "615", "x-rate-limit-remaining": "0", "x-rate-limit-reset": "4102444800"},
        ),
        xmedia.RateLimitError,
        {"status": 429, "code": 88, "retryable": True},
        "Try again in",
    ),
    (
        "2",
        Reply(429, json={"title": "UsageCapExceeded", "detail": "Usage cap", "type": f"{PROBLEMS}usage-capped"}),
        xmedia.UsageCapExceededError,
        {"status": 429, "retryable": False},
        "cap",
    ),
    (
        "1.1",
        Reply(500, json={"errors": [{"code": 131, "message": "Internal error"}]}),
        xmedia.ServerError,
        {"status": 500, "code": 131, "retryable": True, "ambiguous": True},
        "Internal error",
    ),
    (
        "2",
        Reply(500, json={"errors": ["internal server error"]}),
        xmedia.ServerError,
        {"status": 500, "detail": "internal server error"},
        "internal server error",
    ),
    (
        "1.1",
        Reply(503, body=b"<html><head><title>Twitter / Over capacity</title></head></html>"),
        xmedia.ServerError,
        {"status": 503, "detail": "Twitter / Over capacity"},
        "Over capacity",
    ),
    ("1.1", Reply(502), xmedia.ServerError, {"status": 502, "body": "", "detail": None}, "502"),
    ("2", Reply(409, json={"code": 5, "message": "Conflict"}), xmedia.APIError, {"status": 409, "code": 5}, "Conflict"),
    ("2", Reply(307), xmedia.APIError, {"status": 307}, "base_url"),
    (
        "2",
        Reply(200, json={"errors": [{"title": "Not Found Error", "type": f"{PROBLEMS}resource-not-found"}]}),
        xmedia.NotFoundError,
        {"status": 200, "not_found": True},
        "Not Found Error",
    ),
    (
        "2",
        Reply(200, json={"errors": [{"message": "something else"}]}),
        xmedia.APIError,
        {"status": 200, "retryable": False},
        "something else",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1].status}-{case[2].__name__}")
def test_a_refusal_is_a_typed_error_with_what_is_known(call, server, connect, case):
    api, answer, kind, attributes, said = case
    server.script("FINALIZE", answer)
    with pytest.raises(xmedia.APIError) as caught:
        call(connect(server, api=api, retry=None), "finalize", ID)
    error = caught.value
    assert type(error) is kind
    assert {name: getattr(error, name) for name in attributes} == attributes
    assert said in str(error)
    assert (error.command, error.media_id, error.attempts, error.args) == ("FINALIZE", ID, 1, (str(error),))
    assert str(ID) in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (kind, str(error), vars(error))


def test_headers_worth_keeping_are_kept(call, server, connect):
    headers = {"x-transaction-id": "abc123", "x-rate-limit-limit": "615", "x-rate-limit-reset": "1795448473"}
    server.script("STATUS", Reply(403, headers=headers))
    client = connect(server)
    with pytest.raises(xmedia.PermissionDeniedError) as caught:
        call(client, "status", ID)
    assert caught.value.request_id == "abc123"
    limit = caught.value.rate_limit
    assert (limit.limit, limit.remaining, int(limit.reset_at.timestamp())) == (615, None, 1795448473)
    assert client.rate_limits == {"STATUS": limit}


def test_a_body_is_kept_up_to_4_kib(call, server, connect):
    server.script("STATUS", Reply(403, body=("é" * 5000).encode()))
    with pytest.raises(xmedia.PermissionDeniedError) as caught:
        call(connect(server), "status", ID)
    assert caught.value.body == "é" * 2048
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("status", [200, 202])
def test_so_is_that_of_a_success_that_cannot_be_read(call, server, connect, status):
    headers = {"x-transaction-id": "abc123"}
    server.script("STATUS", Reply(status, body=("é" * 5000).encode(), headers=headers))
    with pytest.raises(xmedia.InvalidResponseError) as caught:
        call(connect(server, retry=None), "status", ID)
    error = caught.value
    assert (error.status, error.request_id, error.body) == (status, "abc123", "é" * 2048)
    assert "é" not in str(error)
    assert vars(pickle.loads(pickle.dumps(error))) == vars(error)


def test_of_an_answer_to_a_refresh_no_body_is_kept(call, server, connect):
    auth = xmedia.OAuth2("access1", refresh_token="refresh1", client_id="client", on_refresh=lambda new: None)
    server.script("STATUS", Reply(401))
    server.script("TOKEN", Reply(200, json={"refresh_token": "refresh2"}, headers={"x-transaction-id": "abc123"}))
    with pytest.raises(xmedia.AuthenticationError) as caught:
        call(connect(server, auth, retry=None), "status", ID)
    cause = caught.value.__cause__
    assert (type(cause), cause.status, cause.request_id, cause.body) == (
        xmedia.InvalidResponseError, 200, "abc123", "",
    )  # fmt: skip


@pytest.mark.parametrize("status", [200, 500])
def test_an_endless_body_is_read_up_to_1_mib(call, server, connect, status):
    body = b"x" * (3 << 20)
    server.script("STATUS", Reply(status, body=body))
    expected = xmedia.ServerError if status == 500 else xmedia.InvalidResponseError
    with pytest.raises(expected):
        call(connect(server, retry=None), "status", ID)
    server.script("STATUS", Fault.endless())
    with pytest.raises(xmedia.InvalidResponseError, match="1 MiB"):
        call(connect(server, retry=None), "status", ID)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"{",
        b"{}",
        b'{"media_id": 0}',
        b'{"media_id": -1}',
        b'{"media_id": "07"}',
        b'{"media_id": true}',
        b'{"media_id": 710511363345354753, "media_id_string": "710511363345354754"}',
        b'{"media_id": 5}',
        b'{"data": {}}',
        b'{"data": {"id": "5"}}',
        b'{"media_id": 710511363345354753, "processing_info": []}',
        b"[" * 10_000,
        b'{"a":' * 10_000,
        b"\x1f\x8b\x08\x00",
        b"\xff\xfe\xfd",
        '{"media_id": "٧١٠"}'.encode(),
    ],
)
def test_a_success_that_says_something_else_is_an_invalid_response(call, server, connect, body):
    server.script("STATUS", Reply(200, body=body))
    with pytest.raises(xmedia.InvalidResponseError) as caught:
        call(connect(server), "status", ID)
    assert (caught.value.command, caught.value.media_id, caught.value.attempts) == ("STATUS", ID, 1)
    assert (caught.value.status, caught.value.body) == (200, body.decode("utf-8", "replace")[:4096])


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"18446744073709551616", 18446744073709551616),
        (b"-5", -5),
        (b"1.5", 1.5),
        (b'"3595"', 3595),
        (b"1e400", float("inf")),
        (b"null", None),
        (b'"soon"', None),
        (b"true", None),
    ],
)
def test_numbers_are_kept_exactly(call, server, connect, sent, expected):
    server.script("STATUS", Reply(200, body=b'{"media_id":710511363345354753,"expires_after_secs":%b}' % sent))
    media = call(connect(server), "status", ID)
    assert media.expires_after_secs == expected


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (204, b""),
        (200, b""),
        (201, b""),
        (202, b" \n"),
        (200, b"{}"),
        (200, b'{"data":{"expires_at":5}}'),
        (200, b"[1]"),
    ],
)
def test_no_body_and_json_acknowledge_a_segment(call, api, server, connect, status, body):
    server.script("APPEND", Reply(status, body=body))
    assert call(connect(server, api=api), "append", ID, 0, b"data") is None
    assert server.commands == ["APPEND"]


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("body", [b"<html><title>Sign in to Airport Wi-Fi</title>", b"OK", b'{"data":'])
def test_a_segment_whose_acknowledgement_is_not_the_servers_is_sent_again(call, api, server, connect, status, body):
    media = connect(server, api=api).initialize(4, "video/mp4")
    server.script("APPEND", Reply(status, body=body))
    assert call(connect(server, api=api), "append", media, 0, b"data") is None
    assert server.commands == ["INIT", "APPEND", "APPEND"]
    server.script("APPEND", *[Reply(status, body=body)] * 3)
    with pytest.raises(xmedia.InvalidResponseError, match="APPEND"):
        call(connect(server, api=api), "append", media, 0, b"data")
    assert server.media(media.media_id).size == 4


@pytest.mark.parametrize("status", [200, 201, 202])
def test_every_success_with_media_is_one(call, api, server, connect, status):
    media = {"data": {"id": str(ID)}} if api == "2" else {"media_id": ID}
    server.script("FINALIZE", Reply(status, json={**media, "unknown": [{"field": None}]}))
    assert call(connect(server, api=api), "finalize", ID).ready
