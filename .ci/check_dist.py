"""Checks a folder's wheel and sdist: tag, contents, and what the extension links to.

Usage: check_dist.py FOLDER [--to-publish]. What is to be published must have a README whose links open on PyPI.
"""

import platform
import re
import sys
import tarfile
import zipfile
from pathlib import Path

from published_readme import relative_links

#: Part of every system that the tag promises. No OpenSSL: TLS is rustls.
SYSTEM_LIBRARIES = {b"libc.so.6", b"libm.so.6", b"libgcc_s.so.1", b"libpthread.so.0", b"libdl.so.2", b"librt.so.1"}
NEEDED = {
    "pytest_xmedia.py",
    "xmedia/__init__.py",
    "xmedia/_core.pyi",
    "xmedia/py.typed",
    "xmedia/compat/tweepy.py",
    "xmedia/testing/__init__.py",
}
IN_SDIST = {
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "src/lib.rs",
    "python/pytest_xmedia.py",
}
#: Those of other systems and processors may be larger.
MAX_WHEEL_BYTES = 3_500_000 if (sys.platform, platform.machine()) == ("linux", "x86_64") else 8 << 20

#: Published wheels run with this minor version of glibc 2 and later ones.
MAX_GLIBC = 17


def problems_of_wheel(path: Path, *, to_publish: bool) -> list[str]:
    problems = []
    free_threaded = re.search(r"-cp3\d+-cp3\d+t-", path.name)
    if not free_threaded and "-cp311-abi3-" not in path.name:
        problems.append("not tagged cp311-abi3")
    if sys.platform == "linux" and not re.search(r"[-.](manylinux|musllinux)_\d+_\d+_\w+\.whl$", path.name):
        problems.append("not tagged manylinux or musllinux")
    if to_publish and (promised_glibc(path.name) or 0) > MAX_GLIBC:
        problems.append(f"needs a glibc later than 2.{MAX_GLIBC}: it was not linked with zig")
    if path.stat().st_size > MAX_WHEEL_BYTES:
        problems.append(f"larger than {MAX_WHEEL_BYTES} bytes")
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        problems += [f"lacks {name}" for name in sorted(NEEDED - names)]
        problems += [
            f"holds {name}"
            for name in sorted(names)
            if not name.startswith(("xmedia/", "xmedia-")) and name != "pytest_xmedia.py"
        ]
        entry_points = next((name for name in names if name.endswith("/entry_points.txt")), None)
        if entry_points is None or b"[pytest11]" not in wheel.read(entry_points):
            problems.append("lacks the pytest entry point")
        if not any(name.endswith("/licenses/LICENSE") for name in names):
            problems.append("lacks the license")
        metadata = [wheel.read(name).decode() for name in names if name.endswith(".dist-info/METADATA")]
        problems += problems_of_links(metadata if to_publish else [])
        extensions = [name for name in names if name.endswith((".so", ".pyd"))]
        if len(extensions) != 1:
            problems.append(f"holds {len(extensions)} extensions")
        for name in extensions:
            linked = set(re.findall(rb"\0(lib[\w+-]+\.so(?:\.\d+)*)(?=\0)", wheel.read(name)))
            problems += [f"{name} links {library.decode()}" for library in sorted(linked - SYSTEM_LIBRARIES)]
            # An unwinder of its own crashes when CPython ends daemon threads at exit (test_exit.py).
            if "manylinux" in path.name and b"libgcc_s.so.1" not in linked:
                problems.append(f"{name} has an unwinder of its own in place of the system's, libgcc_s")
            problems += problems_of_glibc(path.name, name, wheel.read(name))
    return problems


def problems_of_glibc(wheel: str, name: str, content: bytes) -> list[str]:
    """Whether the extension asks for a later glibc than the wheel's tag promises."""
    promised = promised_glibc(wheel)
    asked = [int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", content)]
    if promised and asked and max(asked) > promised:
        return [f"{name} needs glibc 2.{max(asked)} and the tag promises 2.{promised}"]
    return []


def promised_glibc(wheel: str) -> int | None:
    """The minor version of the oldest glibc 2 that a wheel's tag promises to run on."""
    return min(map(int, re.findall(r"manylinux_2_(\d+)_", wheel)), default=None)


def problems_of_links(metadata: list[str]) -> list[str]:
    """The links of what PyPI shows that it cannot open."""
    return [f"links {target}, which is nowhere on PyPI" for text in metadata for target in relative_links(text)]


def problems_of_sdist(path: Path, *, to_publish: bool) -> list[str]:
    with tarfile.open(path) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
        shown = next((name for name in sdist.getnames() if name.count("/") == 1 and name.endswith("/PKG-INFO")), "")
        content = sdist.extractfile(shown) if shown else None
        metadata = [content.read().decode()] if content else []
    problems = problems_of_links(metadata if to_publish else [])
    problems += [f"lacks {name}" for name in sorted(IN_SDIST - names)]
    built = (".so", ".pyd", ".pyc")
    return problems + [f"holds {name}" for name in sorted(names) if name.endswith(built)]


def main() -> int:
    folder = Path(sys.argv[1])
    found = False
    wheels, sdists = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    for path, check in [(each, problems_of_wheel) for each in wheels] + [(each, problems_of_sdist) for each in sdists]:
        problems = check(path, to_publish="--to-publish" in sys.argv)
        found |= bool(problems)
        print(f"{path.name}: {'; '.join(problems) or 'good'}")
    return 1 if found or not (wheels or sdists) else 0


if __name__ == "__main__":
    sys.exit(main())
