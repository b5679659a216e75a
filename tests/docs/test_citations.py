"""A citation of a page of the repository leads to a section that is there."""

import re
from pathlib import Path

import pytest
from support import ROOT

#: A path from the root, as code and tests cite a page.
CITED = re.compile(r"\b(docs/[\w./-]+\.md)(#[\w-]+)?")
#: A link in a page, by a path from its folder.
LINKED = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(#[\w.-]+)?\)")
#: Documents that are not in the repository, and issues, which readers of the repository cannot look up.
ELSEWHERE = re.compile(r"\b(WIRE|DESIGN|HOUSE|FEASIBILITY|PEERS|STYLE|FAULTS|COMPASS)(\.md\b| §)|\bissue «")
TEXTS = {".rs", ".py", ".pyi", ".md", ".toml", ".sh", ".cjs", ".yml"}


def texts():
    for top in ("src", "python", "tests", "bench", "docs", "fuzz", "examples", ".ci", ".github"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in TEXTS and not {"target", "node_modules", "__pycache__"} & set(path.parts):
                yield path
    yield from sorted(ROOT.glob("*.md"))
    yield from sorted(ROOT.glob("*.toml"))


def anchors(page):
    """The anchors of a page's headings, as GitHub and the documentation's site make them."""
    prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, flags=re.MULTILINE)
    slugs = [re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", each).strip().lower()) for each in headings]
    return {f"#{slug}" for slug in slugs}


def missing(page, anchor):
    if not page.exists():
        return "no such page"
    # Anchors that the site makes of docstrings are checked when it is built.
    if anchor and page.suffix == ".md" and page.parent.name != "reference" and anchor not in anchors(page):
        return "no such section"
    return None


@pytest.mark.parametrize("path", [pytest.param(each, id=each.relative_to(ROOT).as_posix()) for each in texts()])
def test_every_citation_leads_somewhere(path):
    text = path.read_text("utf-8")
    cited = [(ROOT / page, anchor) for page, anchor in CITED.findall(text)]
    if path.suffix == ".md":
        cited += [((path.parent / page) if page else path, anchor) for page, anchor in LINKED.findall(text)]
    assert [(page, anchor, why) for page, anchor in cited if (why := missing(page, anchor))] == []
    if path != Path(__file__):
        assert ELSEWHERE.findall(text) == []


def test_the_sections_of_a_page_are_found_as_sites_name_them():
    found = anchors(ROOT / "docs" / "how" / "wire.md")
    assert {"#4-errors", "#8-oauth-20-user-tokens"} <= found


def test_no_page_has_two_sections_of_one_name():
    for page in ("design", "wire"):
        headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / "how" / f"{page}.md").read_text("utf-8"), re.MULTILINE)
        assert len(headings) == len(set(headings))
