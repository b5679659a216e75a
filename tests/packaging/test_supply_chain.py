"""What `make audit` (cargo-deny) does not look at: checksums, and the lock files of what is built but not shipped."""

import tomllib

import pytest
from support import ROOT

# Each with the crates that are this repository's own.
LOCKS = {
    "Cargo.lock": ["xmedia"],
    "fuzz/Cargo.lock": ["xmedia", "xmedia-fuzz"],
    "bench/limit/Cargo.lock": ["limit", "xmedia"],
}


@pytest.mark.parametrize("lock", [lock for lock in LOCKS if (ROOT / lock).exists()])
def test_every_crate_comes_from_the_registry_with_a_checksum(lock):
    packages = tomllib.loads((ROOT / lock).read_text(encoding="utf-8"))["package"]
    foreign = [each for each in packages if "source" in each]
    assert sorted(each["name"] for each in packages if "source" not in each) == LOCKS[lock]
    assert {each["source"] for each in foreign} == {"registry+https://github.com/rust-lang/crates.io-index"}
    assert [each["name"] for each in foreign if "checksum" not in each] == []


@pytest.mark.parametrize("lock", [lock for lock in LOCKS if (ROOT / lock).exists()])
def test_a_lock_file_knows_every_crate_that_the_client_needs(lock):
    """Those who build with `--locked`, as the benchmark does, would be refused."""
    dependencies = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["dependencies"]
    needed = {
        name for name, wanted in dependencies.items() if not (isinstance(wanted, dict) and wanted.get("optional"))
    }
    packages = tomllib.loads((ROOT / lock).read_text(encoding="utf-8"))["package"]
    known = next(each["dependencies"] for each in packages if each["name"] == "xmedia")
    assert needed - {each.split()[0] for each in known} == set()
