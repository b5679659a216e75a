"""What is exported, how it is named and typed: a change here is one that users see."""

import inspect
import subprocess
import sys
import types
import typing
from pathlib import Path

import pytest
import xmedia
import xmedia.testing

NAMES = """
    APIError AuthenticationError BadRequestError CheckpointLockedError CheckpointStore Client ClientClosedError
    ClientOptions EnvOptions ImageInfo MediaCategory MediaId OnEvent ProgressOption Timeout UploadOptions UploadSource
    InvalidInputError InvalidMediaError InvalidResponseError LoginDeniedError Media MediaExpiredError
    MediaInternalError
    MediaProcessingError NotFoundError OAuth1 OAuth2 OAuth2Login PayloadTooLargeError PaymentRequiredError
    PermissionDeniedError
    ProcessingFailure ProcessingInfo ProcessingState Progress QuotaError RateLimit RateLimitError RequestEvent
    RequestTimeoutError Result Retry ServerError Stats Subtitle TokenFile Trace TracedRequest TracedWait TransportError
    UnsupportedMediaError UploadItem AudioTrack CheckFailedError CheckReport FileFacts Finding ImageFacts MediaWarning
    VideoTrack check Exchange
    UsageCapExceededError VideoInfo WaitTimeoutError XMediaError __version__
"""
#: `Buffer` is a class of CPython that only type checkers need before 3.12.
HINTS = {"Buffer": bytes | bytearray | memoryview}


def test_the_exported_names_are_these():
    assert sorted(xmedia.__all__) == sorted(NAMES.split())


def test_what_is_not_exported_is_private():
    modules = {name for name, value in vars(xmedia).items() if isinstance(value, types.ModuleType)}
    public = {name for name in vars(xmedia) if not name.startswith(("_", "@"))}
    assert public - modules <= set(xmedia.__all__)
    # An installed wheel has asserts that pytest rewrites, since it brings a plugin: those names begin with `@`.
    assert {name for name in modules if not name.startswith(("_", "@"))} <= {"testing", "compat"}


ALIASES = {"MediaCategory", "MediaId", "OnEvent", "ProgressOption", "Timeout", "UploadSource"}


@pytest.mark.parametrize("name", sorted({*NAMES.split()} - ALIASES - {"__version__"}))
def test_everything_is_documented_and_named_as_users_import_it(name):
    public = getattr(xmedia, name)
    assert (public.__module__, public.__name__) == ("xmedia", name)
    assert inspect.getdoc(public)


def test_the_version_is_the_packages():
    from importlib.metadata import version

    assert xmedia.__version__ == version("xmedia")


def callables():
    for name in xmedia.__all__:
        public = getattr(xmedia, name)
        if isinstance(public, type):
            members = {
                name: value
                for base in public.__mro__
                if "xmedia" in base.__module__
                for name, value in vars(base).items()
            }
            for each, value in members.items():
                function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
                if inspect.isfunction(function) and (not each.startswith("_") or each == "__init__"):
                    yield f"{name}.{each}", function


@pytest.mark.parametrize("name", [name for name in dir(xmedia.Client) if not name.startswith("_")])
def test_a_verb_says_that_it_is_of_the_client(name):
    verb = getattr(xmedia.Client, name)
    assert getattr(verb, "__qualname__", f"Client.{name}") == f"Client.{name}"


def test_classes_of_the_mock_server_say_where_users_import_them_from():
    names = {(public.__module__, public.__name__) for public in map(vars(xmedia.testing).get, xmedia.testing.__all__)}
    assert names == {("xmedia.testing", name) for name in xmedia.testing.__all__}
    assert xmedia.testing.MockServer.script.__qualname__ == "MockServer.script"


def test_a_misspelt_option_is_refused_in_the_public_names_words():
    with pytest.raises(TypeError, match=r"Client\.upload\(\) got an unexpected keyword argument 'media_typ'"):
        xmedia.Client.upload(None, b"", media_typ="image/png")  # type: ignore[call-arg]


def mentions_any(hint):
    return hint is typing.Any or any(mentions_any(each) for each in typing.get_args(hint))


@pytest.mark.parametrize(("name", "function"), list(callables()), ids=[name for name, _ in callables()])
def test_no_public_signature_says_any(name, function):
    hints = typing.get_type_hints(function, localns={**vars(typing), **HINTS, **vars(xmedia)})
    assert [each for each, hint in hints.items() if mentions_any(hint)] == []


@pytest.mark.parametrize(
    "public", [xmedia.OAuth2, xmedia.OAuth2.__init__, xmedia.XMediaError.__init__, xmedia.APIError.__init__]
)
def test_hints_are_resolved_where_no_other_names_are_given(public):
    code = f"import typing; from xmedia import *; typing.get_type_hints({public.__qualname__})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_it_takes_neither_the_mock_server_nor_a_framework():
    code = "import sys, xmedia; print(*sorted(set(sys.modules) & {'xmedia.testing', 'numpy', 'pytest', 'tweepy'}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"\n"


def test_an_editor_completes_names_and_shows_signatures(monkeypatch, tmp_path):
    import jedi

    monkeypatch.setattr(jedi.settings, "cache_directory", str(tmp_path))
    script = jedi.Script("import xmedia\nxmedia.Cli", project=jedi.Project(Path(xmedia.__file__).parent.parent))
    assert "Client" in [each.name for each in script.complete()]
    script = jedi.Script("import xmedia\nxmedia.Retry(", project=jedi.Project(Path(xmedia.__file__).parent.parent))
    assert "attempts" in [each.name for each in script.get_signatures()[0].params]
