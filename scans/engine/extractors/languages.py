"""The language of a text, for pages that do not declare one."""

import re
from functools import cache

from scans.engine.extractors.vocabulary import table

SAMPLE = 20_000
"""Characters that are looked at."""
FEWEST_WORDS = 25
FEWEST_DIFFERENT = 4
"""`Skin care` on every line is no Romanian, although `care` is one of its commonest words."""
LEAST_SHARE = 0.08
"""Of all words, how many must be the commonest of a language; in running text 20-40 % are."""
LEAD = 1.25
"""By how much a language must beat the next: Danish and Norwegian share most of these words."""

_WORD = re.compile(r"[^\W\d_]+")
_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("th", re.compile("[\u0e01-\u0e5b]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("ar", re.compile("[\u0621-\u064a]")),
)
"""Scripts that give their language away; Japanese, which writes Chinese characters too, first."""


def detect_language(text: str) -> str:
    """Return the language of a text (`en`, `de`), empty where it cannot be told."""
    sample = text[:SAMPLE]
    return _by_script(sample) or _by_words(_WORD.findall(sample.lower()))


def _by_script(sample: str) -> str:
    if sample.isascii():
        return ""
    enough = max(20, len(sample) // 10)
    return next((name for name, script in _SCRIPTS if len(script.findall(sample)) >= enough), "")


def _by_words(words: list[str]) -> str:
    if len(words) < FEWEST_WORDS:
        return ""
    shares = sorted((_share(words, common), name) for name, common in _commonest_words())
    (second, _), (best, name) = shares[-2:]
    return name if best >= max(LEAST_SHARE, second * LEAD) else ""


def _share(words: list[str], common: frozenset[str]) -> float:
    """Return which part of the words is among the commonest; a few repeated ones do not count."""
    hits = [word for word in words if word in common]
    return len(hits) / len(words) if len(set(hits)) >= FEWEST_DIFFERENT else 0.0


@cache
def _commonest_words() -> tuple[tuple[str, frozenset[str]], ...]:
    listed = table("commonest_words").items()
    return tuple((name, frozenset(words.split())) for name, words in listed)
