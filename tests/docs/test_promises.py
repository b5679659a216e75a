"""What the pages must not lose: examples that import without credentials, and what X says it is ending."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
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
