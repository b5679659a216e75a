"""What the tests of secrets share."""

import warnings

import pytest
from marked import assert_silent
from xmedia.testing import MockServer


@pytest.fixture
def watched(caplog):
    """Logs of all loggers at their lowest level, and warnings; both must be silent at the end."""
    caplog.set_level(1)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield
    assert_silent(caplog.text, *(each.message for each in warned))
    for record in caplog.records:
        assert_silent(repr(vars(record)))


@pytest.fixture(scope="module")
def server():
    """Accepts whatever is signed or not, so that errors are those of the faults."""
    with MockServer(verify_auth=False, processing=("pending", "succeeded"), check_after_secs=0.01) as server:
        yield server
