"""What `make` would run for a newcomer, read without running it."""

import subprocess
from pathlib import Path

from support import ROOT


def dry_run(target: str, folder: Path) -> str:
    return subprocess.run(
        ["make", "--dry-run", "--always-make", target, f"VENV={folder}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_the_demo_of_a_fresh_clone_installs_what_it_needs_and_does_not_optimise(tmp_path):
    lines = dry_run("demo", tmp_path).splitlines()
    (install,) = [line for line in lines if "pip install" in line]
    assert install.endswith("'maturin>=1.16,<2' tqdm")
    (build,) = [line for line in lines if "maturin develop" in line]
    assert "profile.dev.package.xmedia.opt-level=0" in build


def test_the_demo_of_a_development_environment_leaves_its_build_alone(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / ".develop").touch()
    builds = [line for line in dry_run("demo", tmp_path).splitlines() if "maturin develop" in line]
    assert builds == [f"PIP_QUIET=1 {tmp_path}/bin/maturin develop --quiet"]
