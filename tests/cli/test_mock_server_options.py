"""What `xmedia mock-server` says of options that cannot be right."""

import socket

import pytest
from terminal import main


def refused(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    """The exit status, and the last line on standard error."""
    try:
        status = main(["mock-server", *options])
    except SystemExit as ended:
        status = int(str(ended.code))
    captured = capsys.readouterr()
    assert captured.out == ""
    return status, captured.err.splitlines()[-1].removeprefix("xmedia mock-server: error: ")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--port", "x"), "argument --port: 'x' is not a number from 0 to 65535"),
        (("--port", "65536"), "argument --port: '65536' is not a number from 0 to 65535"),
        (("--port", "٨"), "argument --port: '٨' is not a number from 0 to 65535"),
        (("--check-after-secs", "-1"), "argument --check-after-secs: '-1' is not a number of seconds, 0 or more"),
        (("--check-after-secs", "nan"), "argument --check-after-secs: 'nan' is not a number of seconds, 0 or more"),
        (
            ("--processing", "pendng"),
            "argument --processing: 'pendng' is not a state that X has; did you mean 'pending'? The states are "
            "pending, in_progress, succeeded, failed",
        ),
        (("--rate-limit", "STATUS"), "argument --rate-limit: 'STATUS' must be COMMAND=N/SECONDS, such as STATUS=5/60"),
        (("--speed", "2"), "xmedia: --speed needs --replay FILE"),
        (("--media", "7_1"), 'xmedia: ID must be a media id (the digits of media_id_string), not the media_key "7_1"'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_values_are_named_in_the_command_lines_words(capsys, options: tuple[str, ...], expected: str) -> None:
    assert refused(capsys, *options) == (2, expected)


def test_a_port_that_is_taken_is_named(capsys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refused(capsys, "--port", str(port)) == (1, f"xmedia: 127.0.0.1:{port}: Address already in use")


def test_a_name_that_is_not_found_is_named(capsys) -> None:
    status, said = refused(capsys, "--host", "no-such-host.invalid")
    assert (status, said.partition(": failed")[0]) == (1, "xmedia: no-such-host.invalid:0")
