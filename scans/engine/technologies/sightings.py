"""What a signature was recognised by: the evidence, the version and, for a family, the member."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape

from scans.engine.report import Technology
from scans.engine.technologies.literals import Hit
from scans.engine.technologies.signature import Place, Signature

EVIDENCE_LENGTH = 120
# Bytes around a literal in which its version and slug are read.
WINDOW_BEFORE, WINDOW_AFTER = 40, 260
# Hits of one signature whose surroundings are read; no page of 3,000 had more that told more.
HITS_READ = 200
PLACE_WORDS = {
    Place.URLS: "address",
    Place.MARKUP: "markup",
    Place.SCRIPTS: "script",
    Place.COMMENTS: "comment",
}
_VALUE_END = re.compile(r"""["'<>\s]""")


@dataclass(frozen=True, slots=True)
class Sighting:
    """One signature seen in one page."""

    signature: Signature
    evidence: str
    version: str = ""
    slug: str = ""

    @property
    def name(self) -> str:
        """The technology's name, the slug filled in."""
        return self.signature.name.replace("{slug}", self.slug)

    def technology(self) -> Technology:
        """Return the sighting as a line of the report."""
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
    """Yield what the literals of one signature give away, with what stands around them."""
    if signature.slug is None:
        place, first = hits[0]
        version = _first_group(signature.versions, (_window(html, hit) for _, hit in hits))
        yield Sighting(signature, _evidence(html, place, first), version)
        return
    members: dict[str, Sighting] = {}
    for place, hit in hits[:HITS_READ]:
        window = _window(html, hit)
        match = signature.slug.search(window)
        if match and not (match[1] in members and members[match[1]].version):
            version = _first_group(signature.versions, [window])
            evidence = _evidence(html, place, hit)
            members[match[1]] = Sighting(signature, evidence, version, match[1])
    yield from members.values()


def best_of(sightings: Iterable[Sighting]) -> dict[str, Sighting]:
    """Return the sightings by name; one with a version goes before one without."""
    best: dict[str, Sighting] = {}
    for sighting in sightings:
        known = best.get(sighting.name)
        if known is None or (sighting.version and not known.version):
            best[sighting.name] = sighting
    return best


def with_implied(
    found: Mapping[str, Sighting], signatures: Mapping[str, Signature]
) -> dict[str, Sighting]:
    """Add what the found technologies need to run, and what that needs in its turn."""
    complete = dict(found)
    waiting = list(found.values())
    while waiting:
        by = waiting.pop()
        for name in by.signature.implies:
            if name not in complete:
                complete[name] = Sighting(signatures[name], f"implied by {by.name}")
                waiting.append(complete[name])
    return complete


def without_borrowed_version(sighting: Sighting, found: Mapping[str, Sighting]) -> Sighting:
    """Drop a version that is the one of what the technology runs on.

    WordPress appends its own version to the files of themes and plugins that state none.
    """
    lenders = (found[name].version for name in sighting.signature.implies)
    if sighting.version and sighting.version in lenders:
        return replace(sighting, version="")
    return sighting


def first_group(match: re.Match[str]) -> str:
    """Return what the first group of a pattern read, empty for a pattern without groups."""
    return (match[1] or "") if match.re.groups else ""


def _window(html: bytes, hit: Hit) -> str:
    start = max(0, hit.start - WINDOW_BEFORE)
    return html[start : hit.start + WINDOW_AFTER].decode("utf-8", "replace").replace("\\/", "/")


def _evidence(html: bytes, place: Place, hit: Hit) -> str:
    after = html[hit.start + len(hit.literal) : hit.start + EVIDENCE_LENGTH]
    value = unescape(_VALUE_END.split(after.decode("utf-8", "replace"), maxsplit=1)[0])
    return f"{PLACE_WORDS[place]}: {hit.literal.decode()}{value}".replace("\\/", "/")


def _first_group(patterns: Sequence[re.Pattern[str]], windows: Iterable[str]) -> str:
    if not patterns:
        return ""
    matches = (pattern.search(window) for window in windows for pattern in patterns)
    return next((group for match in matches if match and (group := first_group(match))), "")
