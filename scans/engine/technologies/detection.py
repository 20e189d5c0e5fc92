"""Search a page, its headers and its cookies for the marks of all signatures."""

import html as html_entities
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from threading import Lock
from typing import Protocol
from urllib.parse import urlsplit

from scans.engine.report import Technology
from scans.engine.technologies.addresses import OwnAddresses
from scans.engine.technologies.literals import HITS_OF_ONE, META, Hit, LiteralFinder
from scans.engine.technologies.loader import load_signatures
from scans.engine.technologies.sightings import (
    HITS_READ,
    Sighting,
    best_of,
    first_group,
    read_hits,
    with_implied,
    without_borrowed_version,
)
from scans.engine.technologies.signature import ADDRESSES, Place, Signature

LONGEST_META = 2_000
MOST_METAS = 500
# Maximum number of marks examined per page; real pages have a few hundred.
MOST_HITS = 20_000
LONGEST_HEADER = 2_000
_ATTRIBUTE = re.compile(
    r"""\b(name|property|http-equiv|content)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I
)
_COOKIE_NAME = re.compile(r"(?:^|[,\n]\s*)([^=;,\s]+)=")
_BUILDING = Lock()

Hits = list[tuple[Place, Hit]]


class Page(Protocol):
    """The relevant parts of a page: its decoded source and its URL."""

    @property
    def html(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def canonical_url(self) -> str: ...


def detect(
    page: Page,
    headers: Mapping[str, str] | None = None,
    cookies: Mapping[str, str] | None = None,
) -> tuple[Technology, ...]:
    """Return the technologies of a page, sorted by name, implied ones included.

    `headers` (in any case) and `cookies` are the response's; both are optional.
    """
    hosts = (
        _host(page.url),
        _host(page.canonical_url),
    )  # the second as stated by the site
    return recogniser().recognise(page.html, headers or {}, cookies or {}, hosts=hosts)


def recogniser() -> "Recogniser":
    """Return this process's recogniser, built from the data files on first use.

    Building takes 0.2 s; concurrent threads wait for it instead of building their own.
    """
    with _BUILDING:
        return _built()


@cache
def _built() -> "Recogniser":
    return Recogniser(load_signatures())


class Recogniser:
    """A set of signatures compiled for one pass; safe to share between threads."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        self._by_name = {signature.name: signature for signature in signatures}
        self._by_literal: dict[bytes, list[tuple[Place, Signature]]] = defaultdict(list)
        for signature in signatures:
            for place, literal in _literals(signature):
                self._by_literal[literal].append((place, signature))
        self._finder = LiteralFinder(
            {text: _worth(uses) for text, uses in self._by_literal.items()},
            {text for text, uses in self._by_literal.items() if _is_of_own_addresses(uses)},
        )
        self._with_meta = _by_key(signatures, "meta")
        self._with_header = _by_key(signatures, "headers")
        self._with_cookies = [s for s in signatures if s.cookies]

    def recognise(
        self,
        html: str,
        headers: Mapping[str, str],
        cookies: Mapping[str, str],
        *,
        hosts: Sequence[str] = (),
    ) -> tuple[Technology, ...]:
        """Return the technologies that `html`, `headers` and `cookies` reveal, sorted by name.

        `hosts` are the page's own; URLs of other hosts reveal the technologies of others.
        """
        lowered = {name.lower(): value[:LONGEST_HEADER] for name, value in headers.items()}
        best = best_of(
            (
                *self._in_headers(lowered),
                *self._in_cookies(_cookie_names(lowered, cookies)),
                *self._in_html(html.encode("utf-8", "replace"), OwnAddresses(*hosts)),
            )
        )
        complete = with_implied(best, self._by_name)
        return tuple(
            without_borrowed_version(complete[name], complete).technology()
            for name in sorted(complete, key=str.casefold)
        )

    def _in_html(self, html: bytes, own_addresses: OwnAddresses) -> Iterator[Sighting]:
        hits = list(islice(self._finder.find(html), MOST_HITS))
        metas = [hit for hit in hits if hit.literal == META]
        for hit in metas[:MOST_METAS]:
            yield from self._in_meta(html, hit.start)
        for name, places in self._by_signature(html, hits, own_addresses).items():
            signature = self._by_name[name]
            unclaimed = places if signature.slug is None else _unclaimed(places, hits)
            if len(unclaimed) >= signature.least:
                yield from read_hits(html, signature, unclaimed)

    def _by_signature(
        self, html: bytes, hits: Iterable[Hit], own_addresses: OwnAddresses
    ) -> dict[str, Hits]:
        by_name: dict[str, Hits] = defaultdict(list)
        for hit in hits:
            is_own: bool | None = None
            for place, signature in self._by_literal.get(hit.literal, ()):
                if place not in hit.places or len(by_name[signature.name]) >= HITS_READ:
                    continue
                if place is Place.OWN:
                    if is_own is None:
                        is_file = Place.FILES in hit.places
                        is_own = own_addresses.holds(html, hit.start, is_file=is_file)
                    if not is_own:
                        continue
                by_name[signature.name].append((place, hit))
        return {name: places for name, places in by_name.items() if places}

    def _in_meta(self, html: bytes, start: int) -> Iterator[Sighting]:
        end = html.find(b">", start, start + LONGEST_META)
        tag = html[start : end if end >= 0 else start + LONGEST_META].decode("utf-8", "replace")
        lowered = tag.lower()
        if not any(name in lowered for name in self._with_meta):
            return
        attributes = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(tag)}
        name = attributes.get("name") or attributes.get("property") or ""
        signatures = self._with_meta.get(name.lower(), ())
        content = html_entities.unescape(attributes.get("content", "")) if signatures else ""
        for signature, pattern in signatures:
            if match := pattern.search(content):
                yield Sighting(signature, f"meta {name}: {content}", first_group(match))

    def _in_headers(self, headers: Mapping[str, str]) -> Iterator[Sighting]:
        for name, value in headers.items():
            for signature, pattern in self._with_header.get(name, ()):
                if match := pattern.search(value):
                    yield Sighting(signature, f"header {name}: {value}", first_group(match))

    def _in_cookies(self, names: Sequence[str]) -> Iterator[Sighting]:
        for signature in self._with_cookies if names else ():
            for name in names:
                if any(_cookie_fits(cookie, name) for cookie in signature.cookies):
                    yield Sighting(signature, f"cookie {name}")


def _literals(signature: Signature) -> Iterator[tuple[Place, bytes]]:
    for place, texts in signature.literals.items():
        for text in texts:
            yield place, text.encode()
            if place in ADDRESSES and "/" in text:
                yield place, text.replace("/", "\\/").encode()


def _by_key(
    signatures: Sequence[Signature], field: str
) -> dict[str, list[tuple[Signature, re.Pattern[str]]]]:
    table: dict[str, list[tuple[Signature, re.Pattern[str]]]] = defaultdict(list)
    for signature in signatures:
        for key, pattern in getattr(signature, field).items():
            table[key].append((signature, pattern))
    return dict(table)


def _worth(uses: Sequence[tuple[Place, Signature]]) -> int:
    """Return the maximum number of useful hits of a literal."""
    places = {place for place, _ in uses}
    in_one_place = len(places) == 1 and Place.OWN not in places
    is_of_family = any(signature.slug is not None for _, signature in uses)
    return HITS_OF_ONE if in_one_place and not is_of_family else HITS_READ


def _is_of_own_addresses(uses: Sequence[tuple[Place, Signature]]) -> bool:
    """Return whether a literal only occurs in the site's own URLs, in no family's signature."""
    return all(place is Place.OWN and signature.slug is None for place, signature in uses)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _unclaimed(places: Iterable[tuple[Place, Hit]], hits: Iterable[Hit]) -> Hits:
    """Return the hits of a family that belong to no member's own signature, which is longer."""
    longest_at: dict[int, int] = {}
    for hit in hits:
        longest_at[hit.start] = max(len(hit.literal), longest_at.get(hit.start, 0))
    return [(place, hit) for place, hit in places if longest_at[hit.start] == len(hit.literal)]


def _cookie_names(headers: Mapping[str, str], cookies: Mapping[str, str]) -> list[str]:
    return [*cookies, *_COOKIE_NAME.findall(headers.get("set-cookie", ""))]


def _cookie_fits(cookie: str, name: str) -> bool:
    return name.startswith(cookie[:-1]) if cookie.endswith("*") else name == cookie
