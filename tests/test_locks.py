"""The lock files: complete, hashed, and at the versions that the requirements name."""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

BASE = Path(__file__).resolve().parent.parent
LOCKS = {"requirements.lock": "requirements.txt", "requirements-dev.lock": "requirements-dev.txt"}
PINS = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)


def pins(file: str) -> dict[str, str]:
    """Return the version of each package that a requirements or lock file pins."""
    text = (BASE / file).read_text()
    own = {canonicalize_name(pin["name"]): pin["version"] for pin in PINS.finditer(text)}
    included = re.findall(r"^-r (\S+)", text, re.MULTILINE)
    return {name: version for other in included for name, version in pins(other).items()} | own


def entries(lock: str) -> list[str]:
    """Return the entries of a lock file, each with its hashes, without comments."""
    lines = (BASE / lock).read_text().splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return re.split(r"\n(?=\S)", text.strip())


@pytest.mark.parametrize(("lock", "requirements"), LOCKS.items())
def test_a_lock_has_every_requirement_at_its_version(lock: str, requirements: str) -> None:
    locked = pins(lock)
    stale = {
        name: (version, locked.get(name))
        for name, version in pins(requirements).items()
        if locked.get(name) != version
    }
    assert stale == {}, f"run `make lock`: {requirements} and {lock} differ"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_of_a_lock_is_pinned_and_hashed(lock: str) -> None:
    assert len(entries(lock)) > 30
    for entry in entries(lock):
        assert PINS.match(entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_no_path(lock: str) -> None:
    text = (BASE / lock).read_text()
    assert re.findall(r"://|--index|--extra-index|--find-links|--trusted-host|@ ", text) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_what_its_packages_require(lock: str) -> None:
    locked = pins(lock)
    missing = {
        (name, wanted.name)
        for name in locked
        for wanted in required_here(name)
        if canonicalize_name(wanted.name) not in locked
    }
    assert missing == set()


def required_here(name: str) -> list[Requirement]:
    """Return what an installed package requires on this machine, extras left aside."""
    try:
        wanted = [Requirement(text) for text in requires(name) or ()]
    except PackageNotFoundError:  # for another platform
        return []
    return [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]


def test_both_locks_agree_on_every_version() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def test_make_installs_from_a_lock_with_hashes_and_from_nothing_else() -> None:
    makefile = (BASE / "Makefile").read_text()
    installs = [line for line in makefile.splitlines() if line.startswith("$(PIP)")]
    assert installs
    assert all("--require-hashes -r $(1)" in line for line in installs)
    assert set(re.findall(r"call packages,([^)]+)\)", makefile)) == set(LOCKS)
