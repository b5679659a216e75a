"""A test that is skipped fails the run, unless its reason is one of `support/skips.py`."""

pytest_plugins = ["pytester"]

CONFTEST = "from support.skips import pytest_make_collect_report, pytest_runtest_makereport"


def run(pytester, **files):
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(**files)
    return pytester.runpytest("-p", "no:cacheprovider")


def test_a_test_that_is_skipped_for_no_known_reason_fails(pytester):
    outcome = run(pytester, test_it="import pytest\ndef test_it(): pytest.skip('it is Monday')")
    outcome.assert_outcomes(failed=1)
    outcome.stdout.fnmatch_lines(["*skips.py: it is Monday*"])


def test_a_file_that_is_skipped_for_no_known_reason_is_an_error(pytester):
    outcome = run(pytester, test_it="import pytest\nnone = pytest.importorskip('no_such_package')\ndef test_it(): pass")
    outcome.assert_outcomes(errors=1)
    outcome.stdout.fnmatch_lines(["*could not import 'no_such_package'*"])


def test_a_known_reason_is_accepted(pytester):
    outcome = run(pytester, test_it="import pytest\ndef test_it(): pytest.skip('not on Windows')")
    outcome.assert_outcomes(skipped=1)


def test_what_is_expected_to_fail_may_fail(pytester):
    outcome = run(pytester, test_it="import pytest\n@pytest.mark.xfail\ndef test_it(): assert False")
    outcome.assert_outcomes(xfailed=1)
