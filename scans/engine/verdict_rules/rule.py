"""Define a rule: signals that must all be on a page, and how much else it may contain."""

from dataclasses import dataclass, field
from enum import StrEnum

from scans.engine.report import Verdict


class RuleError(ValueError):
    """A rule that cannot be used, and why."""


class Field(StrEnum):
    """The part of a response in which a signal is looked for."""

    # A header as `name: value`, both in lower case and whole.
    HEADERS = "headers"
    HEADER_NAMES = "header_names"
    STATUS = "status"
    # Where the visitor ends up, by redirect, refresh or script: a site or a subdomain of it.
    HOSTS = "hosts"
    TITLE = "title"
    TITLE_IS = "title_is"
    TITLE_STARTS = "title_starts"
    # The visible text, on one line.
    TEXT = "text"
    TEXT_IS = "text_is"
    TEXT_STARTS = "text_starts"
    # The source.
    HTML = "html"


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
    # Where the redirects of www.example.org ended.
    url: str = "https://www.example.org/"


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to recognise a verdict: all of its signals, on a page with little else on it."""

    verdict: Verdict
    # What appears there, as in `The page is ...`: `Cloudflare's browser check`.
    what: str
    signals: tuple[Signal, ...]
    # Whether one sentence has to hold all signals of the text.
    one_sentence: bool
    # Characters of visible text beyond which a page is a site of its own.
    longest_text: int
    most_links: int
    # Parts of the source that no such page has: the fields of a contact form.
    without: tuple[str, ...]
    positive: Example
    negative: Example
