"""Find the evidence, version and, for a family, the member of a recognised signature."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import NamedTuple

from scans.engine.report import Technology
from scans.engine.technologies.addresses import address_prefix
from scans.engine.technologies.literals import Hit
from scans.engine.technologies.signature import ADDRESSES, Place, Signature

EVIDENCE_LENGTH = 120
# Bytes around a literal that are searched for its version and slug.
WINDOW_BEFORE, WINDOW_AFTER = 40, 260
# Maximum hits examined per signature; of 3,000 pages, none had more that mattered.
HITS_READ = 200
PLACE_NAMES = {
    Place.URLS: "address",
    Place.OWN: "address",
    Place.CODE: "file",
    Place.FILES: "file",
    Place.MARKUP: "markup",
    Place.SCRIPTS: "script",
    Place.COMMENTS: "comment",
}
_END = {
    Place.MARKUP: re.compile(rb">"),
    Place.SCRIPTS: re.compile(rb"</script", re.IGNORECASE),
    Place.COMMENTS: re.compile(rb"-->"),
}
_ADDRESS_END = re.compile(rb"[\"'`\s<>()\\]|&quot;")
_VALUE_END = re.compile(r"""["'<>\s]""")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A signature recognised in a page."""

    signature: Signature
    evidence: str
    version: str = ""
    slug: str = ""

    @property
    def name(self) -> str:
        """The technology's name with the slug filled in."""
        return self.signature.name.replace("{slug}", self.slug)

    def technology(self) -> Technology:
        """Return the sighting as an entry of the report."""
        return Technology(
            name=self.name,
            category=self.signature.category,
            website=self.signature.website,
            version=self.version,
            evidence=" ".join(self.evidence[:EVIDENCE_LENGTH].split()),
        )


def read_hits(
    html: bytes, signature: Signature, hits: Sequence[tuple[Place, Hit]]
) -> Iterator[Sighting]:
    """Yield what the literals of one signature reveal, together with their surroundings."""
    if signature.slug is None and not signature.confirm:
        version = _version(signature, (_surroundings(html, *hit) for hit in hits[:HITS_READ]))
        yield Sighting(signature, _evidence(html, *hits[0]), version)
        return
    sightings: dict[str, list[_Match]] = {}
    for place, hit in hits[:HITS_READ]:
        window = _surroundings(html, place, hit)
        if _is_confirmed(signature, hit, window) and (slug := _slug(signature, window)) is not None:
            sightings.setdefault(slug, []).append(_Match(place, hit, window))
    for slug, matches in sightings.items():
        version = _version(signature, (window for _, _, window in matches))
        yield Sighting(signature, _evidence(html, *matches[0][:2]), version, slug)


class _Match(NamedTuple):
    """One hit with its surroundings."""

    place: Place
    hit: Hit
    window: str


def _is_confirmed(signature: Signature, hit: Hit, window: str) -> bool:
    pattern = signature.confirm.get(hit.literal.decode().replace("\\/", "/"))
    return pattern is None or pattern.search(window) is not None


def _slug(signature: Signature, window: str) -> str | None:
    """Return the member of a family; empty if it is not a family, None if no member is named."""
    if signature.slug is None:
        return ""
    match = signature.slug.search(window)
    return match[1] if match else None


def _version(signature: Signature, windows: Iterable[str]) -> str:
    """Return the stated version.

    WordPress appends a version to every file, including libraries bundled with a plugin: it is the
    plugin's only if all of its files agree.
    """
    if not signature.versions:
        return ""
    stated = (_first_group(signature.versions, window) for window in windows)
    version = next(filter(None, stated), "")
    if version and "WordPress" in signature.implies and not all(v in ("", version) for v in stated):
        return ""
    return version


def best_of(sightings: Iterable[Sighting]) -> dict[str, Sighting]:
    """Return the sightings by name, preferring those with a version."""
    best: dict[str, Sighting] = {}
    for sighting in sightings:
        known = best.get(sighting.name)
        if known is None or (sighting.version and not known.version):
            best[sighting.name] = sighting
    return best


def with_implied(
    sightings: Mapping[str, Sighting], signatures: Mapping[str, Signature]
) -> dict[str, Sighting]:
    """Add the technologies implied by others, recursively."""
    complete = dict(sightings)
    waiting = list(sightings.values())
    while waiting:
        by = waiting.pop()
        for name in by.signature.implies:
            if name not in complete:
                complete[name] = Sighting(signatures[name], f"implied by {by.name}")
                waiting.append(complete[name])
    return complete


def without_borrowed_version(sighting: Sighting, sightings: Mapping[str, Sighting]) -> Sighting:
    """Drop a version that is really the platform's.

    WordPress appends its own version to files of themes and plugins without one. If it does not
    state its version itself, a version shared by two members of a family comes from it.
    """
    if not sighting.version:
        return sighting
    base_versions = [sightings[name].version for name in sighting.signature.implies]
    if sighting.slug and "" in base_versions:
        base_versions += [
            other.version
            for other in sightings.values()
            if other.slug and other.slug != sighting.slug
        ]
    return replace(sighting, version="") if sighting.version in base_versions else sighting


def first_group(match: re.Match[str]) -> str:
    """Return the first group of a match; empty if the pattern has no groups."""
    return (match[1] or "") if match.re.groups else ""


def _surroundings(html: bytes, place: Place, hit: Hit) -> str:
    """Return the URL with a hit, or the surrounding part of the tag, script or comment."""
    end = hit.start + len(hit.literal)
    after = html[end : hit.start + WINDOW_AFTER]
    if place in ADDRESSES:
        before = address_prefix(html, hit.start)
        after = _upto(_ADDRESS_END, after.replace(b"\\/", b"/"))
    else:
        before = html[max(0, hit.start - WINDOW_BEFORE) : hit.start]
        after = _upto(_END[place], after)
    window = (before + hit.literal + after).decode("utf-8", "replace").replace("\\/", "/")
    return unescape(window) if "&" in window else window


def _upto(end: re.Pattern[bytes], text: bytes) -> bytes:
    match = end.search(text)
    return text[: match.start()] if match else text


def _evidence(html: bytes, place: Place, hit: Hit) -> str:
    after = html[hit.start + len(hit.literal) : hit.start + EVIDENCE_LENGTH]
    value = unescape(_VALUE_END.split(after.decode("utf-8", "replace"), maxsplit=1)[0])
    return f"{PLACE_NAMES[place]}: {hit.literal.decode()}{value}".replace("\\/", "/")


def _first_group(patterns: Sequence[re.Pattern[str]], window: str) -> str:
    matches = (pattern.search(window) for pattern in patterns)
    return next((group for match in matches if match and (group := first_group(match))), "")
