"""Each default has one value: in the core, in Python's signatures, on the command line and in the documents."""

import ast
import inspect
import re
import subprocess
import sys

import pytest
import xmedia
import xmedia.testing
from support import ROOT

# What Rust writes otherwise than Python does; what is not known here is an error.
IN_PYTHON = {
    "None": None,
    "true": True,
    "false": False,
    "Owners::default()": (),
    "Proxy::Environment": None,
    "RateLimits::default()": None,
    "AccountTier::default()": "default",
    "Credential::dummies()": None,
}
# Text, hosts and a course of processing, which Python hands over itself or asks Rust for by leaving them out.
OF_ONE_SIDE = {"hosts", "ca_pem", "user_agent", "processing"}
# What Rust calls otherwise.
PYTHON_NAMES = {"expires_after": "expires_after_secs"}


def value(rust):
    if rust in IN_PYTHON:
        return IN_PYTHON[rust]
    if seconds := re.fullmatch(r"(?:Some\()?Duration::from_(secs|millis)\(([\d_]+)\)\)?", rust):
        return int(seconds[2]) / {"secs": 1, "millis": 1000}[seconds[1]]
    if text := re.fullmatch(r'("[^"]*")\.into\(\)', rust):
        return ast.literal_eval(text[1])
    return ast.literal_eval(rust)


def rust_defaults(path, beginning):
    """The members of the value that stands in a file of Rust, after this text."""
    text = (ROOT / path).read_text("utf-8").split(beginning, 1)[1].split("}", 1)[0]
    members = re.findall(r"(\w+): ((?:[^,()]|\((?:[^()]|\([^()]*\))*\))+)", text)
    return {PYTHON_NAMES.get(name, name): value(rust.strip()) for name, rust in members if name not in OF_ONE_SIDE}


def python_defaults(function):
    parameters = inspect.signature(function).parameters.values()
    defaults = {each.name: each.default for each in parameters if each.default is not inspect.Parameter.empty}
    # The only factory that a dataclass of ours has for an argument makes a dict.
    return {name: {} if repr(default) == "<factory>" else default for name, default in defaults.items()}


@pytest.mark.parametrize(
    ("path", "beginning", "function", "known"),
    [
        ("src/client/upload/options.rs", "        UploadOptions {", xmedia.Client.upload, 15),
        ("src/client/upload/options.rs", "        UploadOptions {", xmedia.Client.upload_async, 15),
        ("src/client/types/config.rs", "        TransportOptions {", xmedia.Client, 4),
        ("src/client/types/config.rs", "    pub const DEFAULT: Retry =\n        Retry {", xmedia.Retry, 3),
        ("src/mock/options.rs", "        Options {", xmedia.testing.MockServer, 11),
    ],
    ids=["upload", "upload_async", "Client", "Retry", "MockServer"],
)
def test_rust_and_python_have_the_same_defaults(path, beginning, function, known):
    in_rust, in_python = rust_defaults(path, beginning), python_defaults(function)
    assert len(in_rust) == known
    assert in_rust == {name: in_python[name] for name in in_rust}


def documented():
    """What `docs/how/design.md` writes as a call with the defaults of its arguments, and what it is."""
    text = (ROOT / "docs/how/design.md").read_text("utf-8")
    for name, arguments in re.findall(r"`(\w+)\(((?:[^`()]|\([^`()]*\))*)\)", text):
        if "*, " in arguments and "…" not in arguments:
            homes = (xmedia.Client, xmedia, xmedia.testing, xmedia.testing.MockServer)
            yield name, arguments, next(getattr(home, name) for home in homes if hasattr(home, name))


DOCUMENTED = list(documented())


@pytest.mark.parametrize(("name", "arguments", "function"), DOCUMENTED, ids=[name for name, *_ in DOCUMENTED])
def test_the_documents_have_the_same_defaults(name, arguments, function):
    written = ast.parse(f"def it({arguments}): ...").body[0].args
    defaults = dict(zip([each.arg for each in written.kwonlyargs], written.kw_defaults, strict=True))
    in_code = {name: python_defaults(function)[name] for name in defaults}
    # `Retry()` is what its own line says.
    assert {name: ast.unparse(default) for name, default in defaults.items()} == {
        name: "Retry()" if default == xmedia.Retry() else repr(default) for name, default in in_code.items()
    }


def test_the_documents_name_the_verbs_and_the_classes():
    assert {"Client", "MockServer", "finalize", "status", "wait", "upload", "append", "initialize"} <= {
        name for name, *_ in DOCUMENTED
    }


@pytest.mark.parametrize(
    ("command", "options", "function"),
    [
        ("upload", ["concurrency", "timeout"], xmedia.Client.upload),
        ("wait", ["timeout"], xmedia.Client.wait),
        ("mock-server", ["host", "check_after_secs"], xmedia.testing.MockServer),
    ],
)
def test_the_command_line_has_the_same_defaults(command, options, function):
    arguments = [sys.executable, "-m", "xmedia", command, "--help"]
    text = subprocess.run(arguments, capture_output=True, text=True, check=True, env={"COLUMNS": "10000"}).stdout
    for option in options:
        flag = "--" + option.replace("_", "-")
        printed = re.search(rf"^  {flag} \S+\s[^(]*\(default: ([^)]*)\)$", text, re.MULTILINE)[1]
        assert printed == str(python_defaults(function)[option])


def test_the_command_line_takes_alt_texts_as_long_as_the_core_does():
    limits = (ROOT / "src/client/types/x_limits.rs").read_text("utf-8")
    longest = re.search(r"MAX_ALT_TEXT: usize = (\d+);", limits)[1]
    arguments = [sys.executable, "-m", "xmedia", "upload", "--help"]
    text = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    assert f"description of at most {longest} characters" in " ".join(text.split())
