"""Turn the marks found in a page into technologies, each with what gave it away."""

import html as html_entities
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from scans.engine.report import Technology
from scans.engine.technologies.literals import META, Hit, LiteralFinder
from scans.engine.technologies.loader import load_signatures
from scans.engine.technologies.signature import Place, Signature

if TYPE_CHECKING:
    from scans.engine.extractors.page import PageFacts

EVIDENCE_LENGTH = 120
WINDOW_BEFORE, WINDOW_AFTER = 40, 260
"""Bytes around a literal in which its version and slug are read."""
HITS_READ_FOR_VERSION = 30
LONGEST_META = 2_000
PLACE_WORDS = {
    Place.URLS: "address",
    Place.MARKUP: "markup",
    Place.SCRIPTS: "script",
    Place.COMMENTS: "comment",
}
_ATTRIBUTE = re.compile(
    r"""\b(name|property|http-equiv|content)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I
)
_COOKIE_NAME = re.compile(r"(?:^|[,\n]\s*)([^=;,\s]+)=")
_VALUE_END = re.compile(r"""["'<>\s]""")
_WORD = re.compile(rb"[A-Za-z0-9_-]")


def detect(
    page: "PageFacts",
    headers: Mapping[str, str] | None = None,
    cookies: Mapping[str, str] | None = None,
) -> tuple[Technology, ...]:
    """Return the technologies of a page, sorted by name, implied ones included.

    `headers` are the answer's (any case), `cookies` those that it set; both may be left out.
    """
    return recogniser().recognise(page.html, headers or {}, cookies or {})


@cache
def recogniser() -> "Recogniser":
    """Return the one recogniser of this process, built from the data files on first use."""
    return Recogniser(load_signatures())


class Recogniser:
    """A set of signatures made ready to be looked for together; safe to share between threads."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        self._by_name = {signature.name: signature for signature in signatures}
        self._by_literal: dict[bytes, list[tuple[Place, Signature]]] = defaultdict(list)
        for signature in signatures:
            for place, literal in _literals(signature):
                self._by_literal[literal].append((place, signature))
        self._finder = LiteralFinder(self._by_literal)
        self._with_meta = _by_key(signatures, "meta")
        self._with_header = _by_key(signatures, "headers")
        self._with_cookies = [s for s in signatures if s.cookies]

    def recognise(
        self, html: str, headers: Mapping[str, str], cookies: Mapping[str, str]
    ) -> tuple[Technology, ...]:
        """Return what `html`, `headers` and `cookies` give away, sorted by name."""
        found: dict[str, Technology] = {}
        lowered = {name.lower(): value for name, value in headers.items()}
        for technology in (
            *self._in_headers(lowered),
            *self._in_cookies(_cookie_names(lowered, cookies)),
            *self._in_html(html.encode("utf-8", "replace")),
        ):
            known = found.get(technology.name)
            if known is None or (technology.version and not known.version):
                found[technology.name] = technology
        self._add_implied(found)
        return tuple(found[name] for name in sorted(found, key=str.casefold))

    def _in_html(self, html: bytes) -> Iterator[Technology]:
        hits: dict[str, list[tuple[Place, Hit]]] = defaultdict(list)
        for hit in self._finder.find(html):
            if hit.literal == META:
                yield from self._in_meta(html, hit.start)
                continue
            for place, signature in self._by_literal[hit.literal]:
                if place in hit.places and _stands_alone(html, hit):
                    hits[signature.name].append((place, hit))
        for name, places in hits.items():
            yield from _read_hits(html, self._by_name[name], places)

    def _in_meta(self, html: bytes, start: int) -> Iterator[Technology]:
        end = html.find(b">", start, start + LONGEST_META)
        tag = html[start : end if end >= 0 else start + LONGEST_META].decode("utf-8", "replace")
        attributes = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(tag)}
        name = attributes.get("name") or attributes.get("property") or ""
        content = html_entities.unescape(attributes.get("content", ""))
        for signature, pattern in self._with_meta.get(name.lower(), ()):
            if match := pattern.search(content):
                yield _technology(signature, f"meta {name}: {content}", _group(match))

    def _in_headers(self, headers: Mapping[str, str]) -> Iterator[Technology]:
        for name, value in headers.items():
            for signature, pattern in self._with_header.get(name, ()):
                if match := pattern.search(value):
                    yield _technology(signature, f"header {name}: {value}", _group(match))

    def _in_cookies(self, names: Sequence[str]) -> Iterator[Technology]:
        for signature in self._with_cookies if names else ():
            for name in names:
                if any(_cookie_fits(wanted, name) for wanted in signature.cookies):
                    yield _technology(signature, f"cookie {name}")

    def _add_implied(self, found: dict[str, Technology]) -> None:
        waiting = list(found)
        while waiting:
            by = waiting.pop()
            for name in self._implied_by(by, found[by].category):
                if name not in found:
                    found[name] = _technology(self._by_name[name], f"implied by {by}")
                    waiting.append(name)

    def _implied_by(self, name: str, category: str) -> tuple[str, ...]:
        if signature := self._by_name.get(name):
            return signature.implies
        return next(
            (s.implies for s in self._by_name.values() if s.slug and s.category == category), ()
        )


def _literals(signature: Signature) -> Iterator[tuple[Place, bytes]]:
    for place, texts in signature.literals.items():
        for text in texts:
            yield place, text.encode()
            if place is Place.URLS and "/" in text:
                yield place, text.replace("/", "\\/").encode()


def _by_key(
    signatures: Sequence[Signature], field: str
) -> dict[str, list[tuple[Signature, re.Pattern[str]]]]:
    table: dict[str, list[tuple[Signature, re.Pattern[str]]]] = defaultdict(list)
    for signature in signatures:
        for key, pattern in getattr(signature, field).items():
            table[key].append((signature, pattern))
    return table


def _stands_alone(html: bytes, hit: Hit) -> bool:
    """Tell whether a literal that begins like a word is not the tail of a longer one."""
    before = html[max(0, hit.start - 1) : hit.start]
    return not (_WORD.match(hit.literal) and before and _WORD.match(before))


def _read_hits(
    html: bytes, signature: Signature, hits: Sequence[tuple[Place, Hit]]
) -> Iterator[Technology]:
    place, first = hits[0]
    evidence = f"{PLACE_WORDS[place]}: {_evidence(html, first)}"
    windows = [_window(html, hit) for _, hit in hits[:HITS_READ_FOR_VERSION]]
    if signature.slug is None:
        yield _technology(signature, evidence, _first_group(signature.versions, windows))
        return
    slugs = {m[1]: window for window in windows if (m := signature.slug.search(window))}
    for slug, window in slugs.items():
        version = _first_group(signature.versions, [window])
        yield _technology(signature, evidence, version, slug)


def _window(html: bytes, hit: Hit) -> str:
    start = max(0, hit.start - WINDOW_BEFORE)
    return html[start : hit.start + WINDOW_AFTER].decode("utf-8", "replace").replace("\\/", "/")


def _evidence(html: bytes, hit: Hit) -> str:
    after = html[hit.start + len(hit.literal) : hit.start + EVIDENCE_LENGTH]
    return hit.literal.decode() + _VALUE_END.split(after.decode("utf-8", "replace"), maxsplit=1)[0]


def _first_group(patterns: Sequence[re.Pattern[str]], windows: Sequence[str]) -> str:
    matches = (pattern.search(window) for pattern in patterns for window in windows)
    return next((group for match in matches if match and (group := _group(match))), "")


def _group(match: re.Match[str]) -> str:
    return (match[1] or "") if match.re.groups else ""


def _technology(
    signature: Signature, evidence: str, version: str = "", slug: str = ""
) -> Technology:
    return Technology(
        name=signature.name.replace("{slug}", slug),
        category=signature.category,
        website=signature.website,
        version=version,
        evidence=" ".join(evidence[:EVIDENCE_LENGTH].split()),
    )


def _cookie_names(headers: Mapping[str, str], cookies: Mapping[str, str]) -> list[str]:
    return [*cookies, *_COOKIE_NAME.findall(headers.get("set-cookie", ""))]


def _cookie_fits(wanted: str, name: str) -> bool:
    return name.startswith(wanted[:-1]) if wanted.endswith("*") else name == wanted
