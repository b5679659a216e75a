"""README.md on PyPI: its links open there, although the repository's are relative."""

import importlib.util
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from support import ROOT

README = (ROOT / "README.md").read_text("utf-8")
REPOSITORY = "https://forge.example/owner/name"
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def on_pypi(tmp_path: Path) -> str:
    copy = tmp_path / "README.md"
    copy.write_text(README, encoding="utf-8")
    subprocess.run([sys.executable, ROOT / ".ci/published_readme.py", copy, REPOSITORY, "v1.2.3"], check=True)
    return copy.read_text("utf-8")


def test_every_link_of_the_published_readme_is_an_address(on_pypi: str) -> None:
    targets = [target for _, target in LINK.findall(on_pypi)]
    assert len(targets) >= 10
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []


def test_each_address_names_a_file_of_the_repository_and_pictures_are_raw(on_pypi: str) -> None:
    ours = [(picture, target) for picture, target in LINK.findall(on_pypi) if target.startswith(REPOSITORY)]
    assert {bool(picture) for picture, _ in ours} == {True, False}
    for picture, target in ours:
        prefix = f"{REPOSITORY}/{'raw' if picture else 'blob'}/v1.2.3/"
        assert target.startswith(prefix)
        assert (ROOT / target.removeprefix(prefix).partition("#")[0]).is_file()


def test_nothing_else_of_the_readme_changes(on_pypi: str) -> None:
    assert re.sub(rf"{REPOSITORY}/(raw|blob)/v1\.2\.3/", "", on_pypi) == README


def test_the_release_workflow_makes_the_links_whole_before_every_build() -> None:
    workflow = (ROOT / ".github/workflows/release.yml").read_text("utf-8")
    wholes = [at.start() for at in re.finditer(r"published_readme\.py README\.md", workflow)]
    builds = [at.start() for at in re.finditer(r"uses: PyO3/maturin-action|&& \.ci/build_wheel", workflow)]
    checks = [at.start() for at in re.finditer(r"check_dist\.py dist --to-publish", workflow)]
    in_turn = sorted((at, kind) for kind, found in enumerate((wholes, builds, checks)) for at in found)
    # A wheel is built in one of two ways, the sdist in one.
    assert [kind for _, kind in in_turn] == [0, 1, 1, 2, 0, 1, 2]


@pytest.mark.parametrize(("to_publish", "found"), [(True, True), (False, False)])
def test_a_wheel_with_dead_links_may_be_built_and_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to_publish: bool, found: bool
) -> None:
    wheel = tmp_path / "xmedia-1.0.0-cp311-abi3-manylinux_2_17_x86_64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("xmedia-1.0.0.dist-info/METADATA", f"Name: xmedia\n\n{README}")
    monkeypatch.syspath_prepend(ROOT / ".ci")
    problems = script("check_dist").problems_of_wheel(wheel, to_publish=to_publish)
    assert any("docs/tasks/check.md" in problem for problem in problems) is found


@pytest.mark.parametrize(("tag", "found"), [("manylinux_2_36_x86_64", True), ("manylinux_2_17_x86_64", False)])
def test_a_wheel_for_late_systems_only_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tag: str, found: bool
) -> None:
    wheel = tmp_path / f"xmedia-1.0.0-cp311-abi3-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("xmedia-1.0.0.dist-info/METADATA", "Name: xmedia\n")
    monkeypatch.syspath_prepend(ROOT / ".ci")
    problems = script("check_dist").problems_of_wheel(wheel, to_publish=True)
    assert any("glibc" in problem for problem in problems) is found
