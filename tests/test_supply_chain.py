"""The rules of `deny.toml` on licences, sources and banned crates, held without building cargo-deny (minutes).

`make audit` and the workflows run cargo-deny itself, advisories included.
"""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RULES = tomllib.loads((ROOT / "deny.toml").read_text(encoding="utf-8"))
LOCKED = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))["package"]


def permitted(expression, allowed):
    """Whether the allowed licences satisfy an SPDX expression."""
    words = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))

    def alternatives():
        value = conjunction()
        while words[:1] == ["OR"]:
            words.pop(0)
            # Both sides are read, whatever the first one is.
            other = conjunction()
            value = value or other
        return value

    def conjunction():
        value = term()
        while words[:1] == ["AND"]:
            words.pop(0)
            other = term()
            value = value and other
        return value

    def term():
        word = words.pop(0)
        if word == "(":
            value = alternatives()
            words.pop(0)
            return value
        if words[:1] == ["WITH"]:
            word = f"{word} WITH {words[1]}"
            del words[:2]
        return word in allowed

    return alternatives()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("GPL-3.0", False),
        ("GPL-3.0 OR MIT", True),
        ("MIT/Apache-2.0", True),
        ("(MIT OR GPL-3.0) AND ISC", True),
        ("MIT AND GPL-3.0", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("(GPL-3.0 OR AGPL-3.0) AND MIT", False),
    ],
)
def test_expressions_are_read_rightly(expression, expected):
    assert permitted(expression, RULES["licenses"]["allow"]) == expected


@pytest.fixture(scope="module")
def packages():
    if shutil.which("cargo") is None:
        pytest.skip("there is no cargo here")
    host = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    platform = re.search(r"^host: (.*)$", host, re.MULTILINE)[1]
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", platform]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    metadata = json.loads(done.stdout)
    used = {node["id"] for node in metadata["resolve"]["nodes"]}
    return [each for each in metadata["packages"] if each["id"] in used]


def test_every_licence_is_one_of_those_allowed(packages):
    allowed = set(RULES["licenses"]["allow"])
    assert len(packages) > 50
    refused = {each["name"]: each["license"] for each in packages if not permitted(each["license"] or "none", allowed)}
    assert refused == {}


def test_every_crate_comes_from_the_registry_with_a_checksum():
    foreign = [each["name"] for each in LOCKED if "source" in each and not each["source"].startswith("registry+")]
    unchecked = [each["name"] for each in LOCKED if "source" in each and "checksum" not in each]
    own = [each["name"] for each in LOCKED if "source" not in each]
    assert (foreign, unchecked, own) == ([], [], ["xmedia"])
    assert len({each["source"] for each in LOCKED if "source" in each}) == 1


def test_no_crate_is_one_of_those_banned():
    banned = {each["crate"] for each in RULES["bans"]["deny"]}
    assert banned
    assert {each["name"] for each in LOCKED} & banned == set()
