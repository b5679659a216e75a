"""What editors that work with Jedi (Spyder, Thonny, python-lsp-server) complete in a program that uses the package."""

import ast
import compileall
import dataclasses
import inspect
import os
import pydoc
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import jedi
import pytest
import xmedia
from IPython.core.oinspect import Inspector
from xmedia import testing

BEFORE = """\
import xmedia
from xmedia.testing import MockServer

client = xmedia.Client.from_env()
"""

#: What stands at the cursor, and a name that must be among those offered.
COMPLETED = [
    ("xmedia.Me", "MediaCategory"),
    ("client.upl", "upload_many_async"),
    ("client.upload('a.mp4').", "media_id_string"),
    ("client.upload('a.mp4').processing_info.", "check_after_secs"),
    ("client.upload('a.mp4', ch", "checkpoint="),
    ("client.upload_many(paths, con", "concurrency="),
    ("client.upload_many(paths, seg", "segment_bytes="),
    ("client.upload_many_async(paths, alt", "alt_text="),
    ("for r in client.upload_many(paths):\n    r.", "media"),
    ("for r in client.upload_many(['a.mp4']):\n    r.media.", "ready"),
    ("for r in client.wait_many([1]):\n    r.media.", "ready"),
    ("for m in client.watch(1):\n    m.", "processing_info"),
    ("async def f():\n    (await client.wait_async(1)).", "media_key"),
    ("async def f():\n    async for r in client.upload_many_async(paths):\n        r.media.", "ready"),
    ("async def f():\n    async for r in client.wait_many_async([1]):\n        r.error.", "add_note"),
    ("async def f():\n    async for m in client.watch_async(1):\n        m.", "failed"),
    ("next(client.upload_many(paths)).", "error"),
    ("xmedia.Client(auth, ba", "base_url="),
    ("xmedia.Client.from_env(on", "on_refresh="),
    ("xmedia.Client.from_env(on", "on_event="),
    ("xmedia.Client.from_env(ret", "retry="),
    ("xmedia.Client.from_env(retry=None).", "finalize"),
    ("client.with_options(re", "request_timeout="),
    ("client.with_options(retry=None).", "finalize"),
    ("with client as c:\n    c.", "wait_many"),
    ("xmedia.UploadItem('a.mp4', med", "media_category="),
    ("xmedia.Retry(att", "attempts="),
    ("xmedia.OAuth2('token', ref", "refresh_token="),
    ("xmedia.OAuth2.from_file('tokens.json', cl", "client_secret="),
    ("xmedia.OAuth2.from_oauth1(old, sto", "store="),
    ("xmedia.check('a.mp4').facts.video.", "frame_rate"),
    ("def f(error: xmedia.APIError):\n    error.", "request_id"),
    ("def f(error: xmedia.XMediaError):\n    error.exchanges[0].", "response_headers"),
    ("def f(progress: xmedia.Progress):\n    progress.processing_info.", "state"),
    ("MockServer(pro", "processing="),
    ("with MockServer() as server:\n    server.", "add_media"),
    ("with MockServer() as server:\n    server.client(ret", "retry="),
    ("with MockServer() as server:\n    server.requests[0].", "command"),
]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory):
    """An interpreter of its own, as editors use one: in this one pytest loads the modules of installed plugins."""
    with pytest.MonkeyPatch.context() as patch:
        # Jedi fails on what another process has not written to the end, and the usual directory belongs to all.
        patch.setattr(jedi.settings, "cache_directory", str(tmp_path_factory.mktemp("jedi")))
        yield jedi.create_environment(sys.prefix, safe=False)


@pytest.mark.parametrize(("line", "name"), COMPLETED)
def test_jedi_completes(python, line, name):
    source = BEFORE + line
    rows = source.splitlines()
    script = jedi.Script(source, environment=python)
    assert name in {each.name_with_symbols for each in script.complete(len(rows), len(rows[-1]))}


def test_jedi_shows_what_is_documented(python):
    """The text is the verb's own, although the name is loaded late."""
    script = jedi.Script(f"{BEFORE}client.finalize", environment=python)
    [shown] = script.help(5, 10)
    assert "FINALIZE: end an upload" in shown.docstring()


CATEGORIES = {
    "amplify_video",
    "dm_gif",
    "dm_image",
    "dm_video",
    "subtitles",
    "tweet_gif",
    "tweet_image",
    "tweet_video",
}


@pytest.mark.parametrize("verb", ["upload", "upload_async", "initialize", "initialize_async"])
def test_type_checkers_complete_media_category_and_take_another_one(verb):
    literal, text, none = get_args(get_type_hints(getattr(xmedia.Client, verb))["media_category"])
    assert (set(get_args(literal)), text, none) == (CATEGORIES, str, type(None))


CLASSES = sorted(
    {
        public
        for module in (xmedia, testing)
        for public in (getattr(module, name) for name in module.__all__)
        if isinstance(public, type) and (dataclasses.is_dataclass(public) or issubclass(public, BaseException))
    },
    key=lambda each: each.__name__,
)

#: Classes are named as users import them, not where they stand.
SOURCES = {
    each.name: each
    for path in Path(xmedia.__file__).parent.rglob("*.py")
    for each in ast.parse(path.read_text("utf-8")).body
    if isinstance(each, ast.ClassDef) and not {"_cli", "compat"} & {*path.parts}
}


def attributes(tree: ast.ClassDef) -> Iterator[tuple[str, bool]]:
    """The public fields of a class, and what its `__init__` sets; and whether a text stands below."""
    bodies = [tree.body, *(each.body for each in tree.body if getattr(each, "name", "") == "__init__")]
    for body in bodies:
        for each, below in zip(body, [*body[1:], None], strict=True):
            target = each.target if isinstance(each, ast.AnnAssign) else None
            if isinstance(each, ast.Assign):
                target = each.targets[0]
            if isinstance(target, ast.Name | ast.Attribute):
                name = target.id if isinstance(target, ast.Name) else target.attr
                described = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
                if not name.startswith("_"):
                    yield name, described


@pytest.mark.parametrize("public", CLASSES, ids=lambda each: each.__name__)
def test_every_attribute_has_the_text_that_editors_show_where_the_mouse_is(public):
    """Pyright, and with it VS Code, shows what stands below an attribute; an argument's text is the class's."""
    # The options of an item are those of `upload`.
    described_in = xmedia.Client.upload if public is xmedia.UploadItem else public
    arguments = inspect.getdoc(described_in) or ""
    properties = {name for name, each in inspect.getmembers(public) if isinstance(each, property)}
    without = [
        name
        for name, described in attributes(SOURCES[public.__name__])
        if not described and name not in properties and f"    {name}: " not in arguments
    ]
    assert without == []


@pytest.mark.parametrize("public", CLASSES, ids=lambda each: each.__name__)
def test_help_shows_that_text_too(public):
    """And so does `xmedia.Media?` in IPython."""
    fields = [f"    {name}: " for name, described in attributes(SOURCES[public.__name__]) if described]
    shown = pydoc.plain(pydoc.render_doc(public))
    assert [field for field in fields if field not in shown] == []
    assert Inspector(theme_name="nocolor").info(public)["docstring"] == inspect.getdoc(public)
    assert [field for field in fields if field not in inspect.getdoc(public)] == []


def test_help_shows_the_fields_of_the_classes_that_a_class_is_made_of():
    assert "    retry_after: Seconds after which" in inspect.getdoc(xmedia.RateLimitError)
    assert "    method: The HTTP method" in inspect.getdoc(xmedia.TracedRequest)


def test_where_sources_are_not_installed_help_shows_what_there_is(tmp_path):
    """As in an image that has the compiled files only."""
    shutil.copytree(Path(xmedia.__file__).parent, tmp_path / "xmedia", ignore=shutil.ignore_patterns("__pycache__"))
    program = "import xmedia; print(xmedia.__file__); print(xmedia.Media.__doc__)"
    compileall.compile_dir(tmp_path, quiet=2, legacy=True)
    for source in tmp_path.rglob("*.py"):
        source.unlink()
    command = [sys.executable, "-c", program]
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    file, *shown = subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout.splitlines()
    assert file == str(tmp_path / "xmedia" / "__init__.pyc")
    assert shown[0] == "Media on the server, as the last answer described it."


@pytest.mark.parametrize(
    "change",
    [
        "for name in modules: del sys.modules[name]",
        "for name in modules: del sys.modules[name].__file__",
        "inspect.getsource = lambda module: 'class'",
    ],
    ids=["a module that is gone", "a module of a frozen program", "a source that is not Python"],
)
def test_help_shows_what_there_is_whatever_became_of_the_source(change):
    program = f"""
import inspect, sys, xmedia
media = xmedia.Media
modules = [name for name in sys.modules if name.startswith("xmedia.")]
{change}
print(media.__doc__)
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout.split("\n")[0], done.stderr) == ("Media on the server, as the last answer described it.", "")
