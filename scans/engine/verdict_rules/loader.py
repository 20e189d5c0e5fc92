"""Read the rules from their TOML files, rejecting any that rely on one weak signal."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from scans.engine.report import Verdict
from scans.engine.verdict_rules.rule import (
    OUTSIDE_THE_PAGE,
    Example,
    Field,
    Rule,
    RuleError,
    Signal,
)

# Default maximum of visible text, in characters, of a page that matches a rule.
LONGEST_TEXT = {Verdict.CHALLENGE: 2_000, Verdict.PARKED: 1_500, Verdict.PLACEHOLDER: 1_000}
ANY_NUMBER = 1_000_000
# Minimum length: shorter texts occur in too many words. Complete titles and texts may be shorter.
SHORTEST_PART = 4
EXAMPLE_FIELDS = {"html", "status", "headers", "url"}


@cache
def load_rules() -> tuple[Rule, ...]:
    """Return the rules in the order of evaluation."""
    folder = files("scans.engine.verdict_rules")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
    return tuple(
        rule for name in names for rule in parse_rules(folder.joinpath(name).read_text("utf-8"))
    )


def parse_rules(text: str) -> tuple[Rule, ...]:
    """Read the `[[rule]]` tables of a TOML text; raise RuleError for an invalid one.

    The lists in its `[words]` table are values shared by several rules; `"soon or later"` refers to
    two of them.
    """
    tables = tomllib.loads(text)
    words = tables.get("words", {})
    return tuple(_rule(table, words) for table in tables["rule"])


def _rule(table: dict[str, Any], words: Mapping[str, list[str]]) -> Rule:
    rest = dict(table)
    try:
        what = str(rest.pop("what"))
        verdict = Verdict(rest.pop("verdict"))
        signals = [_signal(signal, words) for signal in rest.pop("signals")]
        signals.sort(key=lambda signal: signal.field is Field.HTML)  # the source is searched last
        rule = Rule(
            verdict=verdict,
            what=what,
            signals=tuple(signals),
            one_sentence=rest.pop("one_sentence", False),
            no_phone=rest.pop("no_phone", False),
            longest_text=rest.pop("longest_text", _longest_text(verdict, signals)),
            most_links=rest.pop("most_links", ANY_NUMBER),
            own_menu=rest.pop("own_menu", _is_outside_the_page(signals)),
            without=_listed(rest.pop("without", ()), words),
            positive=_example(rest.pop("positive")),
            negative=_example(rest.pop("negative")),
        )
        _check_signals(signals, unique=rest.pop("unique", False))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise RuleError(f"{table.get('what', 'a rule without a name')}: {error}") from error
    if rest:
        raise RuleError(f"{what}: unknown fields {sorted(rest)}")
    return rule


def _signal(table: Mapping[str, Any], words: Mapping[str, list[str]]) -> Signal:
    ((name, values),) = table.items()
    field = Field(name)
    signal = Signal(field, _listed(values, words))
    if not signal.values:
        raise RuleError(f"the signal {name} has no values")
    for value in signal.values:
        if value != value.lower():
            raise RuleError(f"{value!r} has to be in lower case")
        is_part = field in (Field.TITLE, Field.TEXT, Field.HTML) and value.isascii()
        if is_part and len(value) < SHORTEST_PART:
            raise RuleError(f"{value!r} has to be at least {SHORTEST_PART} characters long")
    return signal


def _listed(values: str | Sequence[Any], words: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Return a list of values, or the named lists that a string such as `"soon or later"` joins."""
    if isinstance(values, str):
        values = [value for name in values.split(" or ") for value in _named(name, words)]
    return tuple(str(value) for value in values)


def _named(name: str, words: Mapping[str, list[str]]) -> list[str]:
    if name not in words:
        raise RuleError(f"there are no words named {name!r}")
    return words[name]


def _check_signals(signals: Sequence[Signal], *, unique: bool) -> None:
    """Reject a rule with one signal, unless it declares the signal unique."""
    if len(signals) < 2 and not unique:
        raise RuleError("needs two signals, or `unique = true` for a sign that nothing else has")
    if len(signals) > 1 and unique:
        raise RuleError("has two signals, so that `unique` says nothing")


def _longest_text(verdict: Verdict, signals: Sequence[Signal]) -> int:
    """Return the default text limit; none for signals outside the page."""
    return ANY_NUMBER if _is_outside_the_page(signals) else LONGEST_TEXT[verdict]


def _is_outside_the_page(signals: Sequence[Signal]) -> bool:
    """Return whether the page itself says nothing: its length and its menu do not count."""
    return all(signal.field in OUTSIDE_THE_PAGE for signal in signals)


def _example(table: Mapping[str, Any]) -> Example:
    if unknown := set(table) - EXAMPLE_FIELDS:
        raise RuleError(f"unknown fields of an example {sorted(unknown)}")
    return Example(**table)
