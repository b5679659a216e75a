"""What `import xmedia` loads, and what it leaves until it is used."""

import ast
import importlib.util
import inspect
import json
import pickle
import subprocess
import sys

import pytest
import xmedia


def exists(module: str) -> bool:
    """Whether there is such a module: a test that one is not loaded says nothing if its name is wrong."""
    return importlib.util.find_spec(module) is not None


def loaded_after(program: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after the program."""
    report = f"{program}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", report], check=True, capture_output=True, text=True, timeout=30)
    return set(json.loads(done.stdout))


CLIENT = "import xmedia; client = xmedia.Client(xmedia.OAuth1('key', 'secret', 'token', 'secret'))"


@pytest.mark.parametrize("module", ["asyncio", "tqdm", "xmedia.testing", "xmedia.compat", "ssl", "logging", "tempfile"])
def test_a_client_does_not_load_what_it_does_not_use(module: str) -> None:
    assert exists(module)
    assert module not in loaded_after(CLIENT)


@pytest.mark.parametrize("module", ["dataclasses", "typing", "datetime", "json", "asyncio"])
def test_the_bare_import_leaves_even_the_standard_library_until_a_name_is_used(module: str) -> None:
    assert exists(module)
    assert module not in loaded_after("import xmedia") - loaded_after("pass")


def test_every_public_name_is_there_and_says_that_it_is_of_xmedia() -> None:
    for name in xmedia.__all__:
        value = getattr(xmedia, name)
        if inspect.isclass(value):
            assert value.__module__ == "xmedia"


def test_a_star_import_brings_every_public_name() -> None:
    namespace: dict[str, object] = {}
    exec("from xmedia import *", namespace)
    assert set(xmedia.__all__) <= set(namespace)


def test_dir_names_what_was_not_used_yet() -> None:
    program = "import xmedia; assert set(xmedia.__all__) <= set(dir(xmedia))"
    assert exists("xmedia._types.media")
    assert "xmedia._types.media" not in loaded_after(program)


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'xmedia' has no attribute 'Cleint'"):
        _ = xmedia.Cleint  # type: ignore[attr-defined]


def test_a_pickle_names_the_class_as_users_import_it_although_nobody_did() -> None:
    program = (
        "import pickle; from xmedia.testing import MockServer\n"
        "with MockServer() as server, server.client() as client:\n"
        "    media = client.upload(b'\\x89PNG\\r\\n\\x1a\\n' + bytes(20))\n"
        "pickle.dumps(media).index(b'xmedia\\x94')"
    )
    assert "xmedia._types.media" in loaded_after(program)
    media = xmedia.Media(media_id=1)
    assert pickle.loads(pickle.dumps(media)) == media


def test_the_names_are_those_that_type_checkers_and_editors_see() -> None:
    tree = ast.parse(inspect.getsource(xmedia))
    seen = [each.names for each in ast.walk(tree) if isinstance(each, ast.ImportFrom) and each.module != "testing"]
    names = {alias.name for names in seen for alias in names if alias.name != "_api"}
    assert names == set(xmedia.__all__)


@pytest.mark.parametrize("module", ["xmedia._client.client", "xmedia._types.media", "dataclasses", "ssl"])
def test_the_command_lines_help_does_not_load_what_its_commands_do(module: str) -> None:
    program = (
        "import contextlib, io, sys\n"
        "from xmedia._cli.main import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main(['--help'])"
    )
    assert exists(module)
    assert module not in loaded_after(program)


@pytest.mark.parametrize(
    "module",
    [
        "xmedia._types.report",
        "xmedia._auth.login",
        "xmedia._types.exchange",
        "xmedia._types.traced",
        "xmedia._client.upload_item",
        "pathlib",
        "html",
    ],
)
def test_a_client_does_not_load_what_only_some_programs_need(module: str) -> None:
    assert exists(module)
    assert module not in loaded_after(CLIENT)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("xmedia._types.report", "CheckReport"),
        ("xmedia._types.exchange", "Exchange"),
        ("xmedia._types.traced", "TracedRequest"),
        ("xmedia._types.traced", "TracedWait"),
    ],
)
def test_a_class_that_is_loaded_late_says_that_it_is_of_xmedia_although_nobody_named_it(module: str, name: str) -> None:
    program = f"import {module} as late; assert late.{name}.__module__ == 'xmedia'"
    assert exists("xmedia._client.client")
    assert "xmedia._client.client" not in loaded_after(program)


def test_threads_that_use_a_name_first_at_the_same_time_all_get_it() -> None:
    program = (
        "import threading, xmedia\n"
        "names, found, start = sorted(xmedia.__all__), [], threading.Barrier(8)\n"
        "def use(first):\n"
        "    start.wait()\n"
        "    found.append([getattr(xmedia, name) for name in names[first:] + names[:first]])\n"
        "threads = [threading.Thread(target=use, args=(8 * number,)) for number in range(8)]\n"
        "[each.start() for each in threads]; [each.join() for each in threads]\n"
        "assert len(found) == 8 and len({frozenset(map(id, each)) for each in found}) == 1"
    )
    assert "xmedia._types.report" in loaded_after(program)
