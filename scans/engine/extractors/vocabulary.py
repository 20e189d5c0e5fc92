"""The words and tables in `vocabulary.toml`."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def words(name: str) -> frozenset[str]:
    """Return one list of `vocabulary.toml` as a set."""
    return frozenset(_lists()[name].split())


@cache
def names(name: str) -> tuple[str, ...]:
    """Return one `|`-separated list of `vocabulary.toml`."""
    return tuple(_lists()[name].split("|"))


def table(name: str) -> dict[str, str]:
    """Return one table of `vocabulary.toml`."""
    return dict(_lists()[name])


@cache
def _lists() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("vocabulary.toml").read_text("utf-8"))
