"""The arrows of imports between the files of the repository, in Python and in Rust, and the circles among them."""

import ast
import functools
import itertools
import re
from collections import defaultdict

from . import ROOT

PACKAGE = ROOT / "python" / "xmedia"
CRATE = ROOT / "src"
#: What the Rust half of the package is called in Python; it stands for all of `src`.
CORE = PACKAGE / "_core.pyi"
#: The public names, which whoever imports the package itself gets.
API = PACKAGE / "_api.py"
#: How a table names what is imported from Python when it is needed.
STRING_IMPORT = re.compile(r'"(xmedia(?:\.\w+)+)"\s*,\s*"(\w+)"')


def python_arrows():
    """Which file imports which: in a function, for type checkers only, and by names in text as well."""
    arrows = defaultdict(set)
    for path in sorted(PACKAGE.rglob("*.py")):
        named_in_text = (target for target, _ in _imports_by_name(path))
        for target in itertools.chain(_imports_of(path), named_in_text):
            # The package brings its names when they are used, so that it does not stand on them itself.
            named = API if target == PACKAGE / "__init__.py" else target
            if named not in {None, path} and path != PACKAGE / "__init__.py":
                arrows[path].add(named)
    return dict(arrows)


def string_imports():
    """What Rust imports from Python: the Rust file, the Python file, and the name."""
    for path in sorted(CRATE.rglob("*.rs")):
        for module, name in _imports_by_name(path):
            yield path, module, name


def _imports_by_name(path):
    for module, name in STRING_IMPORT.findall(path.read_text("utf-8")):
        yield _python_file(module.split(".")), name


def _imports_of(path):
    package = ["xmedia", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for each in node.names:
                if each.name.split(".")[0] == "xmedia":
                    yield _python_file(each.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *(node.module.split(".") if node.module else [])]
            if base[:1] == ["xmedia"]:
                for each in node.names:
                    yield _defining_file(base, each.name)


def _python_file(names):
    path = PACKAGE.joinpath(*names[1:])
    for each in (path / "__init__.py", path.with_suffix(".py"), path.with_suffix(".pyi")):
        if each.exists():
            return each
    return None


def _defining_file(base, name):
    """The file a name of a module comes from: a package's `__init__` that only hands it on is looked through."""
    inner = _python_file([*base, name])
    if inner is not None:
        return inner
    path = _python_file(base)
    if path is not None and path.name == "__init__.py" and path.parent != PACKAGE:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ImportFrom) and name in {each.asname or each.name for each in node.names}:
                above = [*base[: len(base) - node.level + 1], *(node.module.split(".") if node.module else [])]
                return _defining_file(above, name)
    return path


def rust_arrows():
    """Which file uses which. What a `mod.rs` only hands on counts as used from where it is defined."""
    arrows = defaultdict(set)
    for path in sorted(CRATE.rglob("*.rs")):
        here = _module_of(path)
        for names in _paths_in(path):
            absolute = _absolute(here, names)
            target = _rust_file(absolute) if absolute else None
            if target not in {None, path} and not (path.name == "mod.rs" and target.is_relative_to(path.parent)):
                arrows[path].add(target)
    return dict(arrows)


def _module_of(path):
    parts = path.relative_to(CRATE).with_suffix("").parts
    return [] if parts == ("lib",) else list(parts[:-1] if parts[-1] == "mod" else parts)


@functools.cache
def _rust_text(path):
    """The code without comments and text."""
    text = re.sub(r"//[^\n]*", "", path.read_text("utf-8"))
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)


@functools.cache
def _uses(path):
    """All that is named by `use`, as paths of names with the name that they get here."""
    found = []
    for public, tree in re.findall(r"^\s*(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);", _rust_text(path), flags=re.MULTILINE):
        found += [(bool(public), names, alias) for names, alias in _expand(re.sub(r"\s+", " ", tree).strip())]
    return found


def _expand(tree, before=()):
    """`a::{b, c::d as e}` as `(a, b)` and `(a, c, d)`."""
    head, brace, rest = tree.partition("{")
    names = [each for each in head.strip().split(" as ")[0].strip().split("::") if each]
    if not brace:
        alias = head.split(" as ")[1].strip() if " as " in head else names[-1]
        yield (*before, *[each for each in names if each != "self"]), (before[-1] if names == ["self"] else alias)
        return
    depth, start = 0, 0
    inner = rest[: rest.rindex("}")]
    for at, character in enumerate([*inner, ","]):
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            if inner[start:at].strip():
                yield from _expand(inner[start:at].strip(), (*before, *names))
            start = at + 1


def _paths_in(path):
    text = _rust_text(path)
    for _, names, _ in _uses(path):
        yield names
    for found in re.findall(
        r"\b(?:crate|super)(?:::\w+)+", re.sub(r"^\s*(?:pub.*)?use [^;]+;", "", text, flags=re.MULTILINE)
    ):
        yield tuple(found.split("::"))


def _absolute(here, names):
    names = list(names)
    if names[0] == "crate":
        return names[1:]
    if names[0] in {"super", "self"}:
        at = list(here)
        while names and names[0] in {"super", "self"}:
            if names[0] == "super":
                at = at[:-1]
            names = names[1:]
        return [*at, *names]
    # A child of this module.
    return [*here, *names] if _rust_file_of([*here, names[0]]) else None


def _rust_file_of(names):
    path = CRATE.joinpath(*names) if names else CRATE / "lib"
    for each in (path.with_suffix(".rs"), path / "mod.rs"):
        if each.exists():
            return each
    return None


def _rust_file(names, depth=0):
    """The file that defines what a path names: what a `mod.rs` hands on is followed."""
    for count in range(len(names), -1, -1):
        path = _rust_file_of(names[:count])
        if path is None:
            continue
        rest = names[count:]
        if rest and depth < 9:
            here = _module_of(path)
            for public, used, alias in _uses(path):
                if alias == rest[0] and public and path.name in {"mod.rs", "lib.rs"}:
                    absolute = _absolute(here, used)
                    return _rust_file(absolute, depth + 1) if absolute else path
        return path
    return None


def circles(arrows, root):
    """For each folder the circles among its entries, each entry with all that is in it: `folder: a, b`."""
    found = set()
    folders = {parent for path in arrows for parent in path.parents if parent.is_relative_to(root)}
    for folder in folders:
        between = defaultdict(set)
        for source, targets in arrows.items():
            for target in targets:
                if source.is_relative_to(folder) and target.is_relative_to(folder):
                    ends = [each.relative_to(folder).parts[0] for each in (source, target)]
                    if ends[0] != ends[1]:
                        between[ends[0]].add(ends[1])
        for circle in _strongly_connected(between):
            found.add(f"{folder.relative_to(ROOT).as_posix()}: {', '.join(sorted(circle))}")
    return found


def circles_of_files(arrows):
    """The circles among single files, wherever they are, as text."""
    between = {
        source.relative_to(ROOT).as_posix(): {each.relative_to(ROOT).as_posix() for each in targets}
        for source, targets in arrows.items()
    }
    return {", ".join(sorted(circle)) for circle in _strongly_connected(between)}


def _reachable(between, start):
    seen, ahead = set(), [start]
    while ahead:
        for each in between.get(ahead.pop(), ()):
            if each not in seen:
                seen.add(each)
                ahead.append(each)
    return seen


def _strongly_connected(between):
    reach = {each: _reachable(between, each) for each in between}
    left = {each for each in reach if each in reach[each]}
    while left:
        first = min(left)
        circle = {each for each in left if each in reach[first] and first in reach[each]}
        yield circle
        left -= circle
