"""Imports run downwards without a circle, folders stay small, and names are the field's own words."""

import ast
import re
import subprocess
from collections import defaultdict

import pytest
from support import ROOT
from support.modules import (
    CORE,
    CRATE,
    PACKAGE,
    circles,
    circles_of_files,
    python_arrows,
    rust_arrows,
    string_imports,
)

#: Circles that there are, each with its reason. This list may only shrink.
KNOWN: set[str] = set()
#: Arrows up, each with its reason.
UPWARDS = {
    # Hints of exceptions name `Media`, and are resolved where nothing but the exception was imported.
    ("_types/errors.py", "_api.py"),
}
#: What stands above all that Rust imports from Python, however far that leads.
ABOVE_THE_CORE = re.compile(r"python/xmedia/(_api|_cli/|_client/(?!options)|compat/|testing/)")
#: The only file in which Rust names what it imports from Python.
TABLE = "python/imports.rs"

TOPS = ("src", "python", "tests", "docs", "bench")
#: How many entries a folder may have, and the few that have more. This list may only shrink.
MOST = 13
LARGE: dict[str, int] = {}

#: Words that were metaphors or prose where the field has a word of its own; CONTRIBUTING says which.
UNWANTED = re.compile(
    r"""(?<![\w-]) _* (?:
    Circumstances | heedless | heeds_limits | finalize_surely | never_arrived | tell_of_\w+
    | Teller | Mailbox | Inbox | minds_tokens | Gathering | Arrivals | Attendance
    | Attendant | attended_by | fed_by | _pump | _Delivery | unless_stale | Generational
    | check_ours | LENT | give_back | MOST_\w+ | LARGEST_\w+ | LONGEST\w* | FURTHEST
    | USUAL\w* | LEAST\w* | RENEWED\w* | KEPT_BYTES | Bulk | look_again | keep_telling | halves_replaced
    | House | knock | Underway | break_off | Stranger | Telling | misfortune
    | mailbox | Caller | (?:Test)?Journal | journal | news
    ) (?![\w-])""",
    re.VERBOSE,
)
#: Words that have an ordinary use as well, and are not wanted as the name of a type.
DEFINED = re.compile(
    r"""\b(?:struct|enum|trait|type|union|class) \s+ (
    Silent | Tried | Terms | Ticket | Gate | Loan | Interest | Post | Question | Tries | Sending | Topic
    | News | Gone | Pass | Place | Trouble | Wire | Line | Door | Hearing
    ) \b""",
    re.VERBOSE,
)
#: Prose for "report", "send" and "find out", and marks of quotation of another language. A file object has a `tell()`.
SPOKEN = re.compile(
    r"""(?<![a-z]) (?: told | tells | telling | heard | hears | hearing | tell (?! [("]) ) (?![a-z]) | [«»]""",
    re.VERBOSE | re.IGNORECASE,
)
#: What the mock server uses of the client. Whatever else both used could be wrong on both sides without a test failing.
SHARED_WITH_MOCK = re.compile(r"client/(types/(model|category|x_limits)|inspect/.+|auth/oauth1|limits/daily)\.rs")
#: What tests look at that users do not see, each with its reason. This list may only shrink.
PRIVATE = {
    # Tables of which a run of the program shows one line.
    "tests/cli/test_output.py": {"_cli"},
    # All classes that the core names and all that it hands over, also where no server brings them about.
    "tests/client/results/test_from_core.py": {"_calls", "_types"},
    # The tree of exceptions is drawn in the docstring of their module.
    "tests/client/errors/test_errors.py": {"_types"},
    # That no event comes to Python where nobody wants one can be seen there only.
    "tests/client/observe/test_events.py": {"_calls"},
    # Which modules are loaded, and when.
    "tests/packaging/test_import.py": {"_auth", "_cli", "_client", "_types"},
    # The pages are run as programs are, behind the switch of the pytest plugin.
    "tests/docs/test_docs.py": {"_network_guard"},
}
#: A private part of the package, by its address or imported by its name.
INSIDE = re.compile(r"\bxmedia(?:\.[a-z]\w*)*\.(_[a-z]\w*)|\bfrom xmedia[\w.]* import (?:\w+, )*(_[a-z]\w*)")

#: Words for which Rust has better ones: emit, report, read, distinguish; and marks that English has not.
UNWANTED_IN_RUST = re.compile(r"(?i)\b(?:told|tells?|heard|hears?|knock(?:s|ed)?)\b|[«»]")
#: What a `mod.rs` may hold beside comments and attributes: it names files, and hands on what is in them.
HANDED_ON = re.compile(r"(?:pub(?:\([\w: ]+\))?\s+)?(?:mod\s+\w+|use\s+[\w:{},*\s]+)|")
#: Data, in whatever words and encoding, and files that quote the words on purpose.
MADE_BY_OTHERS = re.compile(r"(^|/)(data|samples|corpus|assets)/(?!.*\.(?:c|css|py|sh)$)|\.(?:lock|mp4|png|svg)$")
QUOTING = {"tests/test_architecture.py", "tests/docs/test_citations.py"}


@pytest.fixture(scope="module")
def files():
    """What is in the repository, or in the sources that are packed for PyPI."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        paths = [path for top in TOPS for path in (ROOT / top).rglob("*") if path.is_file()]
        return [path.relative_to(ROOT).as_posix() for path in paths if "__pycache__" not in path.parts]
    return [each for each in listed.stdout.splitlines() if (ROOT / each).exists()]


def arrows_of_python():
    arrows = python_arrows()
    for source, target in UPWARDS:
        arrows[PACKAGE / source].remove(PACKAGE / target)
    return arrows


def test_no_circle_is_among_the_files_and_folders():
    found = circles(arrows_of_python(), PACKAGE) | circles(rust_arrows(), CRATE)
    assert found == KNOWN


def test_what_rust_imports_from_python_is_in_one_table():
    found = list(string_imports())
    assert {source.relative_to(CRATE).as_posix() for source, _, _ in found} == {TABLE}
    for _, module, name in found:
        assert re.search(
            rf"^(?:(?:async )?def|class) {name}\b|^{name}\b", module.read_text("utf-8"), flags=re.MULTILINE
        ), name


def test_nothing_that_rust_imports_from_python_leads_to_the_client():
    """Python imports the core, and the core these: what both need, and not what is made of the core."""
    arrows = arrows_of_python()
    for _, module, _ in string_imports():
        arrows.setdefault(CORE, set()).add(module)
    found = {each for circle in circles_of_files(arrows) for each in circle.split(", ")}
    assert sorted(filter(ABOVE_THE_CORE.match, found)) == []


def test_the_client_knows_neither_python_nor_the_mock_server():
    outside = {
        (source.relative_to(CRATE).as_posix(), target.relative_to(CRATE).as_posix())
        for source, targets in rust_arrows().items()
        for target in targets
        if source.is_relative_to(CRATE / "client") and target.relative_to(CRATE).parts[0] in {"python", "mock"}
    }
    assert outside == set()


def test_the_mock_server_uses_few_parts_of_the_client():
    used = {
        target.relative_to(CRATE).as_posix()
        for source, targets in rust_arrows().items()
        for target in targets
        if source.is_relative_to(CRATE / "mock") and target.is_relative_to(CRATE / "client")
    }
    assert "client/types/model.rs" in used
    assert sorted(path for path in used if not SHARED_WITH_MOCK.fullmatch(path)) == []


def test_a_folder_has_few_entries(files):
    entries = defaultdict(set)
    for each in files:
        parts = each.split("/")
        # Of files that are data a folder may have as many as it likes.
        depths = parts.index("data") if "data" in parts[:-1] else len(parts)
        for depth in range(1, depths):
            entries["/".join(parts[:depth])].add(parts[depth])
    large = {
        folder: len(inside) for folder, inside in entries.items() if folder.split("/")[0] in TOPS and len(inside) > MOST
    }
    assert large == LARGE


def logic_of_mod(text):
    """The statements of a `mod.rs` that do more than name files and hand on what is in them."""
    code = re.sub(r"//[^\n]*|^\s*#!?\[[^\n]*\]$", "", text, flags=re.MULTILINE)
    return [each for each in map(str.strip, code.split(";")) if not HANDED_ON.fullmatch(each)]


def test_mod_files_explain_and_hand_on_and_hold_no_logic(files):
    found = {each: logic_of_mod((ROOT / each).read_text("utf-8")) for each in files if each.endswith("/mod.rs")}
    assert len(found) > 30
    assert {each: logic for each, logic in found.items() if logic} == {}


@pytest.mark.parametrize("logic", ["const A: u8 = 1;", "pub fn a() {}", "mod a { }", "impl A { fn a() { b(); } }"])
def test_logic_in_a_mod_file_would_be_found(logic):
    handed_on = '//! Why; and what.\n#[cfg(feature = "a")]\nmod a;\npub(in crate::b) use self::a::{B, c};\n'
    assert logic_of_mod(handed_on) == []
    assert logic_of_mod(handed_on + logic)


def test_folders_of_the_package_define_nothing_themselves():
    """Only `xmedia/__init__.py` does: it brings the public names when they are used."""
    inits = set(PACKAGE.rglob("__init__.py")) - {PACKAGE / "__init__.py"}
    defining = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For)
    found = [
        each.relative_to(ROOT).as_posix()
        for each in inits
        if any(isinstance(node, defining) for node in ast.walk(ast.parse(each.read_text("utf-8"))))
    ]
    assert found == []


def unwanted_words(path, text):
    """The words in a file that are not wanted there, its name counted as its first line."""
    spoken = UNWANTED_IN_RUST if path.endswith(".rs") else SPOKEN
    for number, line in enumerate([path, *text.splitlines()]):
        for words in (UNWANTED, DEFINED, spoken):
            for word in words.finditer(line):
                yield f"{path}:{number}: {word[0]}"


def test_names_are_the_words_of_the_field(files):
    ours = (each for each in files if each not in QUOTING and not MADE_BY_OTHERS.search(each))
    assert [word for each in ours for word in unwanted_words(each, (ROOT / each).read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/a.rs", "const MOST_BYTES: u64 = 1;"),
        ("src/a.rs", "pub struct Gate {"),
        ("src/a.rs", "/// Tells the caller."),
        ("src/journal.rs", ""),
        ("python/a.py", "_MOST_BYTES = 1"),
        ("python/a.py", "# so that it hears of it"),
        ("README.md", "The «word»."),
    ],
)
def test_an_unwanted_word_would_be_found(path, text):
    assert list(unwanted_words(path, text))


def test_tests_speak_through_public_names(files):
    ours = {
        name for path in PACKAGE.rglob("*.py") for name in re.findall(r"\bself\.(_[a-z]\w*)", path.read_text("utf-8"))
    }
    found = defaultdict(set)
    for each in files:
        if each.startswith("tests/") and each.endswith(".py") and each not in QUOTING:
            text = (ROOT / each).read_text("utf-8")
            found[each] |= {name for match in INSIDE.findall(text) for name in match if name}
            found[each] |= {name for owner, name in re.findall(r"(\w+)\.(_[a-z]\w*)", text) if owner != "self"} & ours
    assert {each: names for each, names in found.items() if names} == PRIVATE


def test_late_imports_and_those_for_type_checkers_count():
    between = python_arrows()
    displays, late, typed = PACKAGE / "_types/media.py", PACKAGE / "_display/html.py", PACKAGE / "_display/protocols.py"
    assert late in between[displays]
    assert typed in between[late]


@pytest.mark.parametrize("arrows", [arrows_of_python, rust_arrows])
def test_a_circle_would_be_found(arrows):
    between = arrows()
    source, targets = next((each, found) for each, found in between.items() if found)
    between.setdefault(min(targets), set()).add(source)
    root = PACKAGE if arrows is arrows_of_python else CRATE
    assert circles(between, root) - circles(arrows(), root)
