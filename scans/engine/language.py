"""Detect the language of a text, for pages that declare none.

Latin and Cyrillic texts are recognised by their most common words, others by their script. Texts
that are too short or mixed get no language, because a wrong one is worse.
"""

import re
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# Characters of a text that are read.
READ = 8_000
LEAST_LETTERS = 20
LEAST_SHARE_OF_SCRIPT = 0.3
LEAST_MARKS_OF_PERSIAN = 0.01
LEAST_WORDS = 4
LEAST_WEIGHT = 2.0
# Minimum share of common words of the language, and their minimum weight (a word shared by n
# languages weighs 1/n); lists of names contain none.
LEAST_SHARE_OF_WORDS = 0.12
# `Skin care` on every line is not Romanian, although `care` is one of its most common words.
LEAST_DIFFERENT = 3
# Minimum ratio of the first language's weight to the second's.
LEAST_LEAD = 1.15
_WORD = re.compile(r"[^\W\d_]+")
# Letters of other scripts, excluding shared dashes and quotes.
_BEYOND_LATIN = re.compile("[\u0370-\u1dff\u2c00-\udfff\uf900-\uffff]")
# Japanese uses mostly Chinese characters, and Persian Arabic ones, so few letters distinguish them.
_RARE_SHARES = {"ja": 0.12, "fa": LEAST_MARKS_OF_PERSIAN}


def detect_language(text: str) -> str:
    """Return the language of a text as ISO 639-1, or empty if unknown."""
    sample = text[:READ]
    words = _WORD.findall(sample.lower())
    letters = sum(map(len, words))
    if letters < LEAST_LETTERS:
        return ""
    return _by_script(sample, letters) or _by_words(words)


def _by_script(sample: str, letters: int) -> str:
    if sample.isascii() or not _BEYOND_LATIN.search(sample):
        return ""
    for language, letter in _tables().scripts:
        share = len(letter.findall(sample)) / letters
        if share >= _RARE_SHARES.get(language, LEAST_SHARE_OF_SCRIPT):
            return language
    return ""


def _by_words(words: list[str]) -> str:
    """Detect the language by common words; those shared by several languages count less."""
    weights: dict[str, float] = defaultdict(float)
    hits: dict[str, list[int]] = defaultdict(list)
    languages_of = _tables().languages_of
    for word, count in Counter(filter(languages_of.__contains__, words)).items():
        languages = languages_of[word]
        for language in languages:
            hits[language].append(count)
            weights[language] += count / len(languages)
    best, second = [*sorted(weights, key=weights.__getitem__, reverse=True), "", ""][:2]
    enough = (
        len(hits[best]) >= LEAST_DIFFERENT
        and sum(hits[best]) >= max(LEAST_WORDS, LEAST_SHARE_OF_WORDS * len(words))
        and weights[best] >= max(LEAST_WEIGHT, LEAST_LEAD * weights[second])
    )
    return best if enough else ""


@dataclass(frozen=True, slots=True)
class _Tables:
    languages_of: dict[str, tuple[str, ...]]
    scripts: tuple[tuple[str, re.Pattern[str]], ...]


@cache
def _tables() -> _Tables:
    data = tomllib.loads(files("scans.engine").joinpath("languages.toml").read_text("utf-8"))
    languages_of: dict[str, tuple[str, ...]] = {}
    for language, words in data["words"].items():
        for word in set(words.split()):
            languages_of[word] = (*languages_of.get(word, ()), language)
    scripts = ((name, re.compile(f"[{letters}]")) for name, letters in data["scripts"].items())
    return _Tables(languages_of, tuple(scripts))
