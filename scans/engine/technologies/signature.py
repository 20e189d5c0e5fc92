"""Define a signature: the marks by which one technology is recognised."""

import re
from dataclasses import dataclass, field
from enum import StrEnum


class Place(StrEnum):
    """Where in a page a literal has to be to count; mentions in text or links never do."""

    # The address of something the page loads: any tag but a link's, or an inline script.
    URLS = "urls"
    # The same, on the site's own host: what a platform serves.
    OWN = "own"
    # The address of a script or stylesheet, also in an inline script: a library that runs here.
    CODE = "code"
    # The address of a script or stylesheet in its own tag: what a vendor serves its customers.
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
    """A page in miniature that a signature has to find, or has to leave alone."""

    html: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    # The version that has to be read from a positive example.
    version: str = ""
    # The member that is found, or has not to be, where the signature describes a family.
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """One technology and every mark that reveals it; one mark is enough."""

    # May hold `{slug}`, filled with what `slug` reads: one signature for every WordPress theme. A
    # member of such a family that has a signature of its own, with a longer literal, goes by that.
    name: str
    category: str
    website: str
    literals: dict[Place, tuple[str, ...]]
    # Header name in lower case to what its value has to hold; group 1 is the version.
    headers: dict[str, re.Pattern[str]]
    # Cookie names; a `*` at the end stands for any ending.
    cookies: tuple[str, ...]
    # Name or property of a meta element to what its content has to hold; group 1 the version.
    meta: dict[str, re.Pattern[str]]
    # Read from the address, tag, script or comment that holds a literal; group 1 is the version.
    versions: tuple[re.Pattern[str], ...]
    # For a literal that anyone may use: what its surroundings have to hold as well.
    confirm: dict[str, re.Pattern[str]]
    # How many literals have to be there: more than one where a single one may be borrowed.
    least: int
    slug: re.Pattern[str] | None
    # What it cannot run without, by name.
    implies: tuple[str, ...]
    positive: Example
    negatives: tuple[Example, ...]
