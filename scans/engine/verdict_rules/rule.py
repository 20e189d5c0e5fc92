"""Define a rule: signals that a page must all have, and how much else it may contain."""

from dataclasses import dataclass, field
from enum import StrEnum

from scans.engine.report import Verdict


class RuleError(ValueError):
    """An invalid rule, with the reason."""


class Field(StrEnum):
    """The part of a response that is searched for a signal."""

    # A complete header as `name: value`, in lower case.
    HEADERS = "headers"
    HEADER_NAMES = "header_names"
    STATUS = "status"
    # The site, or a subdomain of it, where a visitor ends up by redirect, refresh or script.
    HOSTS = "hosts"
    TITLE = "title"
    TITLE_IS = "title_is"
    TITLE_STARTS = "title_starts"
    # A complete part of the title between dashes and bars: `Acme - Coming soon`.
    TITLE_PART = "title_part"
    # The visible text, on one line.
    TEXT = "text"
    TEXT_IS = "text_is"
    TEXT_STARTS = "text_starts"
    # A complete sentence or line of the visible text, without its punctuation.
    SENTENCE_IS = "sentence_is"
    # The source.
    HTML = "html"


OUTSIDE_THE_PAGE = frozenset({Field.HEADERS, Field.HEADER_NAMES, Field.STATUS, Field.HOSTS})


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal: any of these values in this part of the response. `{host}` is the site's name."""

    field: Field
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A response that a rule must, or must not, match."""

    html: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    # Where the redirects of www.example.org ended.
    url: str = "https://www.example.org/"


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to recognise a verdict: all of its signals on a page with little other content."""

    verdict: Verdict
    # What the page is, as in `The page is ...`: `Cloudflare's browser check`.
    what: str
    signals: tuple[Signal, ...]
    # Whether all text signals must be in the same sentence.
    one_sentence: bool
    # Whether to ignore sentences that state a phone number: they describe a business, not a site.
    no_phone: bool
    # Maximum characters of visible text; a page with more is a real site.
    longest_text: int
    most_links: int
    # Whether the page may have a menu of the site's own pages.
    own_menu: bool
    # Source fragments that exclude the rule, such as the fields of a contact form.
    without: tuple[str, ...]
    positive: Example
    negative: Example
