"""Hooks of pytest by which a test that is skipped fails, unless its reason is one of a few."""

import pytest

#: Why a test may be skipped. What else would be skipped fails instead, so that nothing stays unnoticed untested: all
#: that tests import is in the group `dev`.
SKIPS = {
    "not on Windows": "no fork, no signals and modes of POSIX, no uvloop",
    "there is no /proc here": "memory, descriptors and environments are read from Linux's /proc",
    "this machine has no such address": "not all have IPv6, and macOS has 127.0.0.1 only",
    "no way to watch a program's calls here": "calls are watched by a library in C that Linux loads before all others",
    "not in the packed sources": "the sources that are packed for PyPI have no benchmarks",
}


def _fail_if_skipped_unnoticed(report):
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason not in SKIPS:
            report.outcome = "failed"
            report.longrepr = f"skipped, and not for a reason of SKIPS in tests/support/skips.py: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return _fail_if_skipped_unnoticed((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return _fail_if_skipped_unnoticed((yield))
