"""What the pages must not lose: examples that import without credentials, and what X says it is ending."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import xmedia
from support import ROOT

BLOCK = re.compile(r"^```python\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", flags=re.DOTALL)


def calls_at_import(tree: ast.AST) -> Iterator[str]:
    """The calls that run when a module is loaded: all but those in the bodies of functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from calls_at_import(node)


@pytest.mark.parametrize("page", ["celery", "django", "fastapi"])
def test_the_pages_of_frameworks_make_no_client_at_import(page: str) -> None:
    """Else `manage.py check`, a migration, or whoever sends a task would need credentials."""
    text = COMMENT.sub("", (ROOT / "docs/environments" / f"{page}.md").read_text("utf-8"))
    blocks = [ast.parse(block) for block in BLOCK.findall(text)]
    made = [name for block in blocks for name in calls_at_import(block) if name.startswith("xmedia.Client")]
    assert any("xmedia.Client" in ast.unparse(block) for block in blocks)
    assert made == []


PROJECT = """
import django, os, xmedia
from django.conf import settings
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "uploads.sqlite3"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["publishing"],
    ROOT_URLCONF="publishing.urls",
    ALLOWED_HOSTS=["*"],
)
django.setup()
from django.core.management import call_command
from django.test import Client as Browser
from pathlib import Path
from xmedia.testing import MockServer
from publishing.models import Upload
call_command("check")
call_command("migrate", run_syncdb=True, verbosity=0)
browser = Browser(raise_request_exception=False)
assert [browser.post(path).status_code for path in ("/upload", "/finalize/5")] == [500, 500]  # not the browser's fault
try:
    call_command("settle_uploads")
except xmedia.InvalidInputError as error:
    assert "no credentials" in str(error)
else:
    raise AssertionError("an upload would be called failed")
with MockServer(check_after_secs=0.01) as server:
    server.add_media(5)
    os.environ |= server.environ
    assert Browser().post("/finalize/5").status_code == 202
    assert Browser().post("/upload").status_code == 400
    with (Path(xmedia.__file__).parent / "testing" / "clip.mp4").open("rb") as file:
        assert Browser().post("/upload", {"file": file}).status_code == 202
    call_command("settle_uploads")
assert [row.ready for row in Upload.objects.all()] == [True, True]
"""


def test_the_files_of_djangos_page_make_an_application(tmp_path: Path) -> None:
    """Each with its own imports, in a project that is checked and migrated without credentials."""
    text = COMMENT.sub("", (ROOT / "docs/environments/django.md").read_text("utf-8"))
    named = re.compile(r"^```python\n# (publishing/\S+\.py)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
    files = named.findall(text)
    assert len(files) == len(BLOCK.findall(text)) == 4
    for name, code in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(code, "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("X_")}
    command = [sys.executable, "-c", PROJECT]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/help/faq.md",
        "docs/help/limits.md",
        "docs/migrate/tweepy.md",
        "docs/migrate/twython.md",
        "docs/tasks/credentials.md",
        "docs/tasks/post.md",
    ],
)
def test_whoever_has_oauth_1_keys_reads_that_they_are_being_retired(page: str) -> None:
    text = " ".join((ROOT / page).read_text("utf-8").split())
    assert re.search(r"21 September 2026.{0,80}OAuth 1\.0a", text)
    assert page == "docs/tasks/credentials.md" or re.search(r"\bend(ing)?\b.{0,60}\b(v?1\.1)|1\.1.{0,40}\bend\b", text)


def test_limits_and_costs_say_where_their_figures_are_from_and_of_when() -> None:
    title, first, *_ = (ROOT / "docs/help/limits.md").read_text("utf-8").split("\n\n")
    assert title == "# Limits and costs"
    assert re.search(r"X's pages of \w+ 20\d\d and its API specification of \w+ 20\d\d", first)


def test_the_page_of_errors_draws_the_whole_tree() -> None:
    tree = (ROOT / "docs/tasks/errors.md").read_text("utf-8").partition("```text\n")[2].partition("```")[0]
    public = [getattr(xmedia, name) for name in xmedia.__all__]
    errors = [each.__name__ for each in public if isinstance(each, type) and issubclass(each, xmedia.XMediaError)]
    assert sorted(re.findall(r"\b\w+Error\b(?!\))", tree)) == sorted(errors)


def test_the_page_of_the_command_line_names_all_commands() -> None:
    command = [sys.executable, "-m", "xmedia", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^    (\w[\w-]*)", text.partition("  COMMAND\n")[2].partition("\n\n")[0], re.MULTILINE)
    assert len(commands) > 10
    page = (ROOT / "docs/environments/command-line.md").read_text("utf-8")
    assert [each for each in commands if not re.search(rf"^\|.*`{each}\b", page, re.MULTILINE)] == []


def test_the_contract_names_all_that_is_public() -> None:
    text = (ROOT / "docs/how/design.md").read_text("utf-8")
    names = [name for name in xmedia.__all__ if not name.startswith("__")]
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []
