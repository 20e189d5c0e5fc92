"""The rules of `verdict_rules.toml`: phrases that tell what stands in a site's place."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from scans.engine.report import Verdict

PHRASE_FIELDS = ("headers", "hosts", "title", "text", "html")
# Characters of visible text beyond which a page is a site of its own, where a rule is silent.
LONGEST_TEXT = {Verdict.CHALLENGE: 3_000, Verdict.PARKED: 1_500, Verdict.PLACEHOLDER: 1_000}
ANY_NUMBER = 10_000


class RuleError(ValueError):
    """A rule that cannot be used, and why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to tell a verdict: of each field that has phrases one has to be in the page."""

    verdict: Verdict
    # What stands there, in words that follow `The page is`: `Cloudflare's browser check`.
    what: str
    # `name: value` of the answer, which say it outright.
    headers: tuple[str, ...]
    # Sites at which the scan ended up.
    hosts: tuple[str, ...]
    title: tuple[str, ...]
    text: tuple[str, ...]
    html: tuple[str, ...]
    longest_text: int
    most_links: int
    example: str


@cache
def load_rules() -> tuple[Rule, ...]:
    """Return the rules in the order in which they are tried."""
    path = files("scans.engine").joinpath("verdict_rules.toml")
    return parse_rules(path.read_text("utf-8"))


def parse_rules(text: str) -> tuple[Rule, ...]:
    """Read the `[[rule]]` tables of a TOML text; raise RuleError on one that cannot be used."""
    return tuple(_rule(table) for table in tomllib.loads(text)["rule"])


def _rule(table: dict[str, Any]) -> Rule:
    table = dict(table)
    try:
        verdict = Verdict(table.pop("verdict"))
        rule = Rule(
            verdict=verdict,
            what=table.pop("what"),
            **{field: tuple(table.pop(field, ())) for field in PHRASE_FIELDS},
            longest_text=table.pop("longest_text", LONGEST_TEXT.get(verdict, 0)),
            most_links=table.pop("most_links", ANY_NUMBER),
            example=table.pop("example"),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise RuleError(f"{table}: {error}") from error
    if table:
        raise RuleError(f"{rule.what}: unknown fields {sorted(table)}")
    _check_phrases(rule)
    return rule


def _check_phrases(rule: Rule) -> None:
    phrases = [phrase for field in PHRASE_FIELDS for phrase in getattr(rule, field)]
    if not phrases:
        raise RuleError(f"{rule.what}: has no phrases")
    for phrase in phrases:
        if phrase != phrase.lower() or len(phrase) < 4:
            raise RuleError(f"{rule.what}: {phrase!r} has to be in lower case and 4 letters long")
