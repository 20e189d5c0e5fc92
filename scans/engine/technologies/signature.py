"""Define a signature: the marks by which one technology is recognised."""

import re
from dataclasses import dataclass, field
from enum import StrEnum


class Place(StrEnum):
    """Where in a page a literal must be to count; mentions in text or links never count."""

    # The URL of something the page loads: in any tag except links, or in an inline script.
    URLS = "urls"
    # The same on the site's own host: files that a platform serves.
    OWN = "own"
    # The URL of a script or stylesheet, also in an inline script: a library that runs here.
    CODE = "code"
    # The URL of a script or stylesheet in its own tag: files that a vendor serves to customers.
    FILES = "files"
    # Inside a tag: an attribute, a class, an id.
    MARKUP = "markup"
    # Inside an inline script or style.
    SCRIPTS = "scripts"
    # Inside an HTML comment.
    COMMENTS = "comments"


ADDRESSES = frozenset({Place.URLS, Place.OWN, Place.CODE, Place.FILES})


@dataclass(frozen=True, slots=True)
class Example:
    """A miniature page that a signature must, or must not, match."""

    html: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    # The version to be read from a positive example.
    version: str = ""
    # For a family, the member that must, or must not, be recognised.
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """A technology and the marks that reveal it; one mark is enough."""

    # May contain `{slug}`, filled with the match of `slug`, so that one signature covers every
    # WordPress theme. A member with its own signature, with a longer literal, uses that instead.
    name: str
    category: str
    website: str
    literals: dict[Place, tuple[str, ...]]
    # Lower-case header name -> pattern of its value; group 1 is the version.
    headers: dict[str, re.Pattern[str]]
    # Cookie names; a trailing `*` matches any suffix.
    cookies: tuple[str, ...]
    # Name or property of a meta element -> pattern of its content; group 1 is the version.
    meta: dict[str, re.Pattern[str]]
    # Pattern for the URL, tag, script or comment with a literal; group 1 is the version.
    versions: tuple[re.Pattern[str], ...]
    # For ambiguous literals: a pattern that their surroundings must match as well.
    confirm: dict[str, re.Pattern[str]]
    # Minimum number of literals: more than one if a single one may occur elsewhere.
    least: int
    slug: re.Pattern[str] | None
    # Names of technologies that it requires.
    implies: tuple[str, ...]
    positive: Example
    negatives: tuple[Example, ...]
