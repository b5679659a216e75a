"""The exceptions: their tree, their attributes, and how they pass through pickle and copy."""

import copy
import inspect
import pickle
from datetime import UTC, datetime

import pytest
import xmedia
from xmedia import Media, ProcessingFailure, RateLimit, XMediaError
from xmedia._types import errors

TREE = {
    "XMediaError": ("Exception",),
    "InvalidInputError": ("XMediaError", "ValueError"),
    "CheckFailedError": ("InvalidInputError",),
    "LoginDeniedError": ("XMediaError",),
    "ClientClosedError": ("XMediaError", "RuntimeError"),
    "TransportError": ("XMediaError", "ConnectionError"),
    "RequestTimeoutError": ("TransportError", "TimeoutError"),
    "APIError": ("XMediaError",),
    "BadRequestError": ("APIError",),
    "AuthenticationError": ("APIError",),
    "PermissionDeniedError": ("APIError",),
    "NotFoundError": ("APIError",),
    "PayloadTooLargeError": ("APIError",),
    "RateLimitError": ("APIError",),
    "ServerError": ("APIError",),
    "QuotaError": ("APIError",),
    "PaymentRequiredError": ("QuotaError",),
    "UsageCapExceededError": ("QuotaError",),
    "InvalidResponseError": ("XMediaError",),
    "MediaProcessingError": ("XMediaError",),
    "InvalidMediaError": ("MediaProcessingError",),
    "UnsupportedMediaError": ("MediaProcessingError",),
    "MediaInternalError": ("MediaProcessingError",),
    "MediaExpiredError": ("XMediaError",),
    "CheckpointLockedError": ("XMediaError",),
    "WaitTimeoutError": ("XMediaError", "TimeoutError"),
}
COMMON = {
    "command": "FINALIZE",
    "media_id": 5,
    "media": Media(media_id=5),
    "attempts": 3,
    "retryable": True,
    "retry_after": 1.5,
    "exchanges": (
        xmedia.Exchange(command="FINALIZE", method="POST", url="https://x.test", started_at=datetime.now(UTC)),
    ),
}
API = {
    "status": 400,
    "code": 324,
    "title": "Invalid Request",
    "detail": "Duration too long, maximum:30000",
    "problem_type": "https://api.twitter.com/2/problems/invalid-request",
    "request_id": "f00d",
    "rate_limit": RateLimit(limit=615, remaining=0),
    "body": "{}",
    "not_found": True,
    "ambiguous": True,
}
ERRORS = [getattr(xmedia, name) for name in TREE]


def attributes(error):
    """What an error of this class can be given beside its message."""
    if isinstance(error, type) and issubclass(error, xmedia.APIError):
        return COMMON | API
    own = {
        "InvalidResponseError": {"status": 200, "request_id": "f00d", "body": "<html>"},
        "CheckFailedError": {"report": None},
        "CheckpointLockedError": {"path": "upload.state"},
        "WaitTimeoutError": {"elapsed": 900.0},
    }
    if issubclass(error, xmedia.MediaProcessingError):
        return COMMON | {"error": ProcessingFailure(code=1, name="InvalidMedia"), "report": None}
    return COMMON | own.get(error.__name__, {})


def facts(error):
    return type(error), str(error), error.args, vars(error)


def test_the_tree_is_the_documented_one():
    classes = {
        name: tuple(base.__name__ for base in value.__bases__)
        for name, value in ((name, getattr(xmedia, name)) for name in xmedia.__all__)
        if isinstance(value, type) and issubclass(value, XMediaError)
    }
    assert classes == TREE


def test_the_docstring_draws_every_class():
    assert [name for name in TREE if name not in errors.__doc__] == []


@pytest.mark.parametrize("kind", ERRORS)
class TestEveryError:
    def test_is_made_of_a_message_alone(self, kind):
        error = kind("what failed")
        assert (str(error), error.args, vars(error).keys()) == (
            "what failed",
            ("what failed",),
            attributes(kind).keys(),
        )

    def test_has_harmless_defaults(self, kind):
        error = kind("what failed")
        given = {name: value for name, value in vars(error).items() if value is not None}
        assert {name: value for name, value in given.items() if value} == (
            {"not_found": True} if kind is xmedia.NotFoundError else {}
        )

    def test_keeps_every_attribute(self, kind):
        error = kind("what failed", **attributes(kind))
        assert (error.args, vars(error)) == (("what failed",), attributes(kind))

    def test_takes_attributes_by_keyword_only_and_no_others(self, kind):
        with pytest.raises(TypeError):
            kind("what failed", "FINALIZE")
        with pytest.raises(TypeError):
            kind("what failed", no_such_attribute=1)
        with pytest.raises(TypeError):
            kind()

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_pickles_with_every_attribute(self, kind, protocol):
        # Protocols 0 and 1 cannot carry the frozen, slotted Media.
        given = {
            name: value for name, value in attributes(kind).items() if protocol > 1 or not hasattr(value, "__slots__")
        }
        error = kind("what failed", **given)
        error.add_note("seen on a Tuesday")
        assert facts(pickle.loads(pickle.dumps(error, protocol))) == facts(error)

    @pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
    def test_copies_with_every_attribute(self, kind, duplicate):
        error = kind("what failed", **attributes(kind))
        error.__cause__ = OSError(104, "reset")
        assert (facts(duplicate(error)), repr(duplicate(error).__cause__)) == (facts(error), repr(error.__cause__))

    def test_pickles_with_its_cause(self, kind):
        error = kind("what failed")
        error.__cause__ = xmedia.TransportError("reset", attempts=2)
        again = pickle.loads(pickle.dumps(error)).__cause__
        assert facts(again) == facts(error.__cause__)

    def test_is_documented(self, kind):
        assert len(inspect.getdoc(kind)) > 40

    def test_can_be_subclassed(self, kind):
        class Own(kind):
            pass

        error = Own("what failed", attempts=2)
        assert (isinstance(error, kind), str(error), error.attempts) == (True, "what failed", 2)


def test_a_cause_that_cannot_be_pickled_stays_behind():
    error = xmedia.TransportError("what failed", attempts=2)
    error.__cause__ = ValueError(lambda: None)
    again = pickle.loads(pickle.dumps(error))
    assert (again.__cause__, again.attempts) == (None, 2)


@pytest.mark.parametrize("kind", [xmedia.TransportError, xmedia.RequestTimeoutError, xmedia.WaitTimeoutError])
def test_an_error_of_the_os_kind_has_no_errno(kind):
    error = kind("what failed", media_id=5)
    assert (error.errno, error.strerror, error.filename, isinstance(error, OSError)) == (None, None, None, True)


@pytest.mark.parametrize(
    ("kind", "builtin", "caught"),
    [
        (xmedia.RequestTimeoutError, ConnectionError, True),
        (xmedia.RequestTimeoutError, TimeoutError, True),
        (xmedia.WaitTimeoutError, TimeoutError, True),
        (xmedia.WaitTimeoutError, xmedia.TransportError, False),
        (xmedia.WaitTimeoutError, ConnectionError, False),
        (xmedia.APIError, OSError, False),
        (xmedia.InvalidInputError, ValueError, True),
        (xmedia.ClientClosedError, RuntimeError, True),
        (xmedia.QuotaError, xmedia.RateLimitError, False),
    ],
)
def test_errors_are_caught_as_what_they_are(kind, builtin, caught):
    assert issubclass(kind, builtin) == caught


def test_the_media_gives_its_id():
    assert xmedia.WaitTimeoutError("late", media=Media(media_id=7)).media_id == 7


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (xmedia.NotFoundError("x"), True),
        (xmedia.APIError("x", status=404), True),
        (xmedia.BadRequestError("x", status=400), False),
        (xmedia.BadRequestError("x", status=400, not_found=True), True),
        (xmedia.NotFoundError("x", not_found=False), False),
    ],
)
def test_not_found_follows_the_status_unless_it_is_given(error, expected):
    assert error.not_found is expected
