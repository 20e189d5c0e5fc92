"""Parse robots.txt line by line (RFC 9309), as leniently as Google's reference parser."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from scans.engine.links import normal_escapes

MAX_LINES = 50_000
# Maximum characters read per line.
LONGEST_LINE = 16_664
# Maximum number of rules and of sitemap values kept.
MAX_RULES = 50_000
MAX_SITEMAP_LINES = 500

_LINE_END = re.compile(r"\r\n|\r|\n")
_EDGES = "\ufeff\u200b"
# Prefixes of directive names, including common misspellings.
_NAMES = {
    "user-agent": "agent", "useragent": "agent", "user agent": "agent", "user_agent": "agent",
    "allow": "allow",
    "disallow": "disallow", "dissallow": "disallow", "dissalow": "disallow", "disalow": "disallow",
    "diasllow": "disallow", "disallaw": "disallow",
    "sitemap": "sitemap", "site-map": "sitemap",
    "crawl-delay": "delay", "crawldelay": "delay", "crawl delay": "delay",
    "request-rate": "rate",
    "noindex": "other", "visit-time": "other",
}  # fmt: skip
_NAME = re.compile("|".join(sorted(_NAMES, key=len, reverse=True)), re.IGNORECASE)
# What precedes the first colon if it belongs to a URL.
_WITH_ADDRESS = re.compile(r"\S+\s+https?", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9!$%&'+.^_`|~-]+")
_INDEX = re.compile(r"(.*/)index\.html?", re.DOTALL)
_EVERYONE = re.compile(r"\*(?![^\s,;])")
_NUMBER = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,9})?|[.,][0-9]{1,9}")
_RATE = re.compile(r"([0-9]{1,6})\s*/\s*([0-9]{1,6})\s*([smh]?)", re.IGNORECASE)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600}


class Rule(NamedTuple):
    """One `Allow` or `Disallow` rule: the pieces between the wildcards of its pattern."""

    length: int
    allows: bool
    pieces: tuple[str, ...]
    # Whether the pattern ends with `$`.
    to_end: bool
    # The directive as written in the file.
    line: str = ""

    def matches(self, path: str) -> bool:
        """Return whether a path in normal form matches the pattern.

        Each piece is matched at its first occurrence, so no backtracking is needed.
        """
        first, *others = self.pieces
        if not path.startswith(first):
            return False
        if not others:
            return not self.to_end or len(path) == len(first)
        position = len(first)
        last = others.pop() if self.to_end else ""
        for piece in others:
            at = path.find(piece, position)
            if at < 0:
                return False
            position = at + len(piece)
        return len(path) - len(last) >= position and path.endswith(last)


@dataclass(slots=True, eq=False)
class Group:
    """The rules for one user agent, or for all agents without their own group."""

    is_named: bool = False
    rules: list[Rule] = field(default_factory=list)
    # Seconds between requests: the longest delay that the group asks for.
    delay: float = 0.0


@dataclass(slots=True)
class RobotsFile:
    """The parsed robots.txt for one user agent."""

    # In order of precedence: longest first; among equals, `Allow` first.
    rules: tuple[Rule, ...] = ()
    delay: float = 0.0
    # The raw values of `Sitemap` lines.
    sitemaps: tuple[str, ...] = ()
    # Whether any line names a user agent or sitemap.
    has_directives: bool = False
    # Whether lines or rules were left out.
    is_cut: bool = False

    def allows(self, path: str) -> bool:
        """Return whether a path with its query may be requested (RFC 9309, 2.2.2)."""
        rule = self.rule_for(path)
        return rule is None or rule.allows

    def rule_for(self, path: str) -> Rule | None:
        """Return the rule that decides on a path with its query; None if none matches."""
        path = normal_path(path)
        return next((rule for rule in self.rules if rule.matches(path)), None)


def parse_robots(text: str, token: str) -> RobotsFile:
    """Parse a robots.txt for the user agent with this product token.

    Lines that are not directives (such as HTML or PHP notices) are skipped; neither they nor blank
    lines end a group. Tokens are compared as a whole, ignoring case (2.2.1). Without a group for
    the token, those for `*` apply. `Crawl-delay` is a rule like any other, so the next user agent
    starts a new group.
    """
    reader = _Reader(token.lower())
    lines = _LINE_END.split(text)
    for line in lines[:MAX_LINES]:
        reader.read(line[:LONGEST_LINE])
    return reader.file(is_cut=len(lines) > MAX_LINES)


def directive(line: str) -> tuple[str, str]:
    """Return the directive in a line (empty if there is none) and its value.

    Two words without a colon are a name and a value.
    """
    text = line.strip().strip(_EDGES).partition("#")[0].strip()
    name, colon, value = text.partition(":")
    if not colon or _WITH_ADDRESS.fullmatch(name):
        fields = text.split()
        if len(fields) != 2:
            return "", ""
        name, value = fields
    known = _NAME.match(name.lstrip())
    return (_NAMES[known[0].lower()], value.strip()) if known else ("", "")


def normal_path(path: str) -> str:
    """Return a path in the normal form for comparing paths and patterns (RFC 9309, 2.2.2).

    Unnecessary escapes are removed; non-ASCII characters are escaped, as are `*` and `$`, which are
    ordinary characters in a path.
    """
    if not path.isascii():
        path = "".join(
            character if character.isascii() else _escaped(character) for character in path
        )
    return normal_escapes(path).replace("*", "%2A").replace("$", "%24")


class _Reader:
    """Reads lines into our group and the group for all agents."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._ours, self._everyones = Group(), Group()
        # Which of our groups the most recent user agents belong to.
        self._open: list[Group] = []
        # Whether the next user agent starts a new group.
        self._rules_started = True
        self._sitemaps: list[str] = []
        self._has_directives = False
        self._count = 0

    def read(self, line: str) -> None:
        name, value = directive(line)
        self._has_directives = self._has_directives or name in ("agent", "sitemap")
        if name == "agent":
            self._read_agent(value)
        elif name in ("allow", "disallow"):
            self._rules_started = True
            self._add_rule(value, allows=name == "allow")
        elif name in ("delay", "rate", "other"):
            self._rules_started = True
            self._set_delay(_SECONDS_OF[name](value))
        elif name == "sitemap" and len(self._sitemaps) < MAX_SITEMAP_LINES:
            self._sitemaps.append(value)

    def file(self, *, is_cut: bool) -> RobotsFile:
        group = self._ours if self._ours.is_named else self._everyones
        rules = sorted(group.rules, key=lambda rule: (-rule.length, not rule.allows))
        return RobotsFile(
            tuple(rules),
            group.delay,
            tuple(self._sitemaps),
            self._has_directives,
            is_cut or self._count > MAX_RULES,
        )

    def _read_agent(self, value: str) -> None:
        if self._rules_started:
            self._open, self._rules_started = [], False
        group = self._group_of(value)
        if group is not None and group not in self._open:
            group.is_named = True
            self._open.append(group)

    def _group_of(self, value: str) -> Group | None:
        if _EVERYONE.match(value):
            return self._everyones
        token = _TOKEN.match(value)
        return self._ours if token and token[0].lower() == self._token else None

    def _add_rule(self, value: str, *, allows: bool) -> None:
        self._count += bool(self._open and value)
        if not value or self._count > MAX_RULES:
            return
        index = _INDEX.match(value) if allows else None
        for group in self._open:
            group.rules.append(_rule(value, allows=allows))
            if index:  # allowing a directory's index page also allows the directory
                group.rules.append(_rule(f"{index[1]}$", allows=True))

    def _set_delay(self, seconds: float) -> None:
        for group in self._open:
            group.delay = max(group.delay, seconds)


def _rule(pattern: str, *, allows: bool) -> Rule:
    to_end = pattern.endswith("$")
    pieces = tuple(map(normal_path, pattern.removesuffix("$").split("*")))
    length = sum(map(len, pieces)) + len(pieces) - 1 + to_end
    # Consecutive wildcards count once; the first and last pieces anchor the path.
    middle = tuple(piece for piece in pieces[1:-1] if piece)
    line = f"{'Allow' if allows else 'Disallow'}: {pattern}"
    return Rule(length, allows, (pieces[0], *middle, *pieces[1:][-1:]), to_end, line)


def _delay(value: str) -> float:
    number = _NUMBER.match(value)
    return float(number[0].replace(",", ".")) if number else 0.0


def _rate(value: str) -> float:
    rate = _RATE.match(value)
    if not rate or not int(rate[1]):
        return 0.0
    return int(rate[2]) * _SECONDS[rate[3].lower()] / int(rate[1])


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))


# Parsers of the rules that ask for a delay, in seconds.
_SECONDS_OF: dict[str, Callable[[str], float]] = {
    "delay": _delay,
    "rate": _rate,
    "other": lambda value: 0.0,
}
