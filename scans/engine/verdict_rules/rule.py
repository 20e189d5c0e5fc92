"""What a rule is: signals that all have to be on a page, and how much else the page may hold."""

from dataclasses import dataclass, field
from enum import StrEnum

from scans.engine.report import Verdict


class RuleError(ValueError):
    """A rule that cannot be used, and why."""


class Field(StrEnum):
    """The part of a response in which a signal is looked for."""

    HEADERS = "headers"
    """A header as `name: value`, both in lower case and whole."""
    HEADER_NAMES = "header_names"
    STATUS = "status"
    HOSTS = "hosts"
    """Where the visitor ends up, by redirect, refresh or script: a site or a subdomain of it."""
    TITLE = "title"
    TITLE_IS = "title_is"
    TITLE_STARTS = "title_starts"
    TEXT = "text"
    """The visible text, on one line."""
    TEXT_IS = "text_is"
    TEXT_STARTS = "text_starts"
    HTML = "html"
    """The source."""


OUTSIDE_THE_PAGE = frozenset({Field.HEADERS, Field.HEADER_NAMES, Field.STATUS, Field.HOSTS})


@dataclass(frozen=True, slots=True)
class Signal:
    """One sign: any of these values in this part of the response. `{host}` is the site's name."""

    field: Field
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A response that a rule has to match, or must not match."""

    html: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    url: str = "https://www.example.org/"
    """Where the redirects of www.example.org ended."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to recognise a verdict: all of its signals, on a page with little else on it."""

    verdict: Verdict
    what: str
    """What stands there, as in `The page is ...`: `Cloudflare's browser check`."""
    signals: tuple[Signal, ...]
    longest_text: int
    """Characters of visible text beyond which a page is a site of its own."""
    most_links: int
    without: tuple[str, ...]
    """Parts of the source that no such page has: the fields of a contact form."""
    positive: Example
    negative: Example
