"""CONTRIBUTING says what is there: its tree, its paths, and the versions of the manifests."""

import re
import tomllib
from pathlib import Path

import pytest
from support import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
TREE = re.search(r"```\n(src/client/.*?)```", TEXT, flags=re.DOTALL)[1]


def folders():
    """The folders of the tree, each with the words that stand beside it and under it."""
    top = None
    for line in TREE.splitlines():
        path, words = re.match(r" *(\S*)(.*)", line).groups()
        if not line.startswith(" "):
            top = path
            yield path, words
        elif line.startswith("    ") and not line.startswith("     "):
            yield f"{top.rstrip('/')}/{path}", words
        else:
            yield top, line


def test_the_tree_is_there():
    found = list(folders())
    assert len(found) > 30
    for path, words in found:
        assert (ROOT / path).exists(), path
        above = ROOT / path if (ROOT / path).is_dir() else (ROOT / path).parent
        for name in re.findall(r"\b[\w/]+\.(?:rs|py|md)\b", words):
            assert list(above.rglob(Path(name).name)) or (ROOT / name).exists() or (above.parent / name).exists(), name


def test_every_path_in_the_text_is_there():
    paths = re.findall(r"`((?:src|tests|docs|python|bench|fuzz)/[\w./-]+)`", TEXT)
    assert len(paths) > 5
    for path in paths:
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "README.md"])
def test_the_versions_are_those_of_the_manifests(page):
    text = (ROOT / page).read_text("utf-8")
    rust = tomllib.loads((ROOT / "Cargo.toml").read_text("utf-8"))["package"]["rust-version"]
    python = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert f"Rust {rust} or later" in text
    assert f"Python {python.removeprefix('>=')} or later" in text


def test_paths_below_a_folder_that_the_text_is_about_are_there():
    tops = [ROOT, ROOT / "src", ROOT / "src/client", ROOT / "python"]
    paths = re.findall(r"`([a-z]\w*/[\w./-]+)`", TEXT)
    assert {"retry/policy.rs", "protocol/decode.rs", "client/verbs/client.rs"} <= set(paths)
    kept = [path for path in paths if not path.startswith("target/")]  # what is there once it was built
    assert [path for path in kept if not any((top / path).exists() for top in tops)] == []


def test_every_target_of_make_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z][a-z-]+)", re.sub(r"C compiler, and make\.", "", TEXT)))
    assert {"develop", "check", "test-rust"} <= named
    assert named <= targets
