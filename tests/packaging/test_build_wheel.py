"""`.ci/build_wheel` with a compiler, a Python and tools that only note what they were asked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="not on Windows")

RUSTC = """
case $* in
*verbose*) echo "host: x86_64-unknown-linux-gnu"; echo "LLVM version: 99.1.2" ;;
*target-libdir*) echo {folder}/lib ;;
esac
"""
# Neither pip nor zig; maturin makes a wheel, zipfile unpacks it, and the workload counts.
PYTHON = """
case $* in
*pip* | *ziglang*) exit 1 ;;
*maturin*) echo "$RUSTFLAGS" >>{folder}/builds; for out; do :; done; mkdir -p "$out"; touch "$out/a.whl" ;;
*zipfile*) for out; do :; done; mkdir -p "$out/xmedia"; touch "$out/xmedia/_core.so" ;;
*profile_workload.py*) mkdir -p target/profile/counts ;;
esac
"""
PROFDATA = """
case $* in
*version*) echo "  LLVM version 99.1.2" ;;
*) for counts; do :; done; [ -d "$counts" ] && touch "$3" ;;
esac
"""


def put(folder: Path, name: str, script: str) -> None:
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    path = folder / "bin" / name
    path.write_text("#!/bin/sh\n" + script.replace("{folder}", f"'{folder}'"), "utf-8")
    path.chmod(0o755)


def build(folder: Path, **variables: str) -> tuple[list[str], str]:
    """The flags of each build, and what was printed."""
    put(folder, "rustc", RUSTC)
    put(folder, "python", PYTHON)
    variables = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "RUSTFLAGS": "--mine"} | variables
    printed = subprocess.run(
        [ROOT / ".ci/build_wheel", folder / "bin/python", folder / "dist"],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    ).stdout
    return (folder / "builds").read_text("utf-8").splitlines(), printed


def with_tools(folder: Path) -> Path:
    put(folder, "llvm-profdata-99", PROFDATA)
    (folder / "lib").mkdir()
    (folder / "lib" / "libprofiler_builtins-1.rlib").touch()
    return folder


def test_the_wheel_is_built_by_what_a_first_build_has_counted(tmp_path: Path) -> None:
    (first, second), printed = build(with_tools(tmp_path))
    assert first == f"--mine -Cprofile-generate={tmp_path}/target/profile/counts"
    assert second.startswith(f"--mine -Cprofile-use={tmp_path}/target/profile/")
    assert Path(second.split("-Cprofile-use=")[1].split()[0]).exists()
    assert "profdata" not in printed


def test_without_the_tool_it_is_built_once_and_the_last_line_says_so(tmp_path: Path) -> None:
    flags, printed = build(tmp_path)
    assert flags == ["--mine"]
    assert printed.splitlines()[-1].startswith("dist: llvm-profdata of LLVM 99 ")


def test_a_compiler_that_cannot_count_is_not_asked_to(tmp_path: Path) -> None:
    (with_tools(tmp_path) / "lib/libprofiler_builtins-1.rlib").unlink()
    flags, printed = build(tmp_path)
    assert flags == ["--mine"]
    assert "dist: llvm-profdata" in printed


def test_flags_that_cannot_name_the_folder_have_no_profile(tmp_path: Path) -> None:
    flags, printed = build(with_tools(tmp_path / "with a blank"))
    assert flags == ["--mine"]
    assert "dist: RUSTFLAGS cannot name a folder with blanks" in printed
