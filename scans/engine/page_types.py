"""Classify pages by their URL, and choose the pages to open first.

The words are data: page_types.toml. An address is taken apart into its path segments, and these
into words, without accents, file extension and a leading language (`/de/`). It is decided by the
first of these that says anything:

1. no path, or only a word for the homepage: home; a file that is no page (.pdf, .jpg): media;
2. a directory that decides for all below it: /blog/..., /news/..., or a date as in /2024/05/...;
3. the last segment as a whole: /company/contact-us;
4. the nearest directory: /services/roofing-contact-berlin, if it is not one that yields (/company);
5. the last segment's beginning or end, where it is at most four words: /contact-berlin;
6. the nearest directory, even one that yields;
7. a query value as a whole: ?page=contact;
8. the text of the link, as 3 and 5.
"""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from scans.engine.report import PageEntry

# Maximum number of words in a phrase at the start or end of a segment or link text.
MOST_WORDS = 4
# Distance between classes in `contact_rank`; within a class, shallow pages come first.
DEPTH_STEP = 100

_LANGUAGE = re.compile(r"[a-z]{2}(?:[ -][a-z]{2})?")
_BREAKS = str.maketrans(dict.fromkeys("-_.+~,:!&|/", " "))
_YEAR = re.compile(r"(?:19|20)\d\d")
_MONTH = re.compile(r"0?[1-9]|1[0-2]")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


class _Rules(NamedTuple):
    phrases: dict[str, str]
    first_words: frozenset[str]
    last_words: frozenset[str]
    languages: frozenset[str]
    yielding_directories: frozenset[str]
    deciding_directories: frozenset[str]
    opened_first: tuple[str, ...]
    never_opened: frozenset[str]
    page_extensions: frozenset[str]
    media_extensions: frozenset[str]


def page_type(url: str, anchor_text: str = "") -> str:
    """Return the type of the page at an absolute URL; `anchor_text` is the text of a link to it.

    One of contact, about, team, services, products, pricing, careers, legal, blog, news, login,
    media, home, other.
    """
    kind = _classify(url, anchor_text)
    return "legal" if kind == "imprint" else kind


def contact_rank(entry: PageEntry) -> int:
    """Return the rank for opening a page to find contacts; the lowest comes first."""
    order = _rules().opened_first
    kind = _kind_to_open(entry)
    rank = order.index(kind) if kind in order else len(order)
    if kind in _rules().never_opened:
        rank = len(order) + 1
    depth = entry.url.rstrip("/").count("/") - 2
    return rank * DEPTH_STEP + max(0, min(depth, DEPTH_STEP - 1))


def pick_pages(entries: Iterable[PageEntry], count: int) -> list[PageEntry]:
    """Return up to `count` pages to open for contacts, most promising first.

    One page of each useful kind comes before a second of any: five translations of the contact page
    reveal less than contact, imprint and about. Homepages, files and log-in pages are left out.
    """
    rules = _rules()
    kinds: Counter[str] = Counter()
    rounds: list[tuple[int, int, int, PageEntry]] = []
    for rank, _, entry in sorted(
        (contact_rank(entry), index, entry) for index, entry in enumerate(entries)
    ):
        kind = _kind_to_open(entry)
        if kind not in rules.never_opened and kind != "home":
            kind = kind if kind in rules.opened_first else "other"
            turn = kinds[kind] + (len(rules.opened_first) if kind == "other" else 0)
            rounds.append((turn, rank, len(rounds), entry))
            kinds[kind] += 1
    return [entry for *_, entry in sorted(rounds)[: max(0, count)]]


def _kind_to_open(entry: PageEntry) -> str:
    if entry.page_type == "legal" and _classify(entry.url, "") == "imprint":
        return "imprint"
    return entry.page_type


class _Directories(NamedTuple):
    """The information in the directories of a URL, as plain words."""

    segments: tuple[str, ...]
    # The type that applies to everything below them.
    deciding: str
    # The type of the nearest one that has one.
    nearest: str


def _classify(url: str, anchor_text: str) -> str:
    path, _, query = url.partition("#")[0].partition("?")
    directories, last, extension = _parted(path.partition("://")[2].partition("/")[2])
    if extension in _rules().media_extensions:
        return "media"
    if not last or (not directories.segments and _rules().phrases.get(last) == "home"):
        return _by_query(query) or ("other" if query else "home")
    return _by_path(directories, last) or _by_query(query) or _by_anchor(anchor_text) or "other"


def _by_path(directories: _Directories, last: str) -> str:
    nearest = directories.nearest
    return (
        directories.deciding
        or _by_full_text(last)
        or ("" if nearest in _rules().yielding_directories else nearest)
        or _by_ends(last)
        or nearest
    )


def _by_anchor(text: str) -> str:
    words = _plain(text[:200])
    return _by_full_text(words) or _by_ends(words)


def _parted(path: str) -> tuple[_Directories, str, str]:
    """Split a path into directories, the last segment in plain words, and the file extension."""
    above, _, name = path.rstrip("/").rpartition("/")
    stem, dot, extension = name.rpartition(".")
    extension = extension.lower() if dot else ""
    if extension in _rules().page_extensions or extension in _rules().media_extensions:
        name = stem
    else:
        extension = ""
    directories, last = _directories(above), _plain(name)
    if _is_language(last) and not above.strip("/"):
        last = ""
    elif not last and directories.segments:
        *rest, last = directories.segments
        directories = _described(tuple(rest))
    return directories, last, extension


@lru_cache(maxsize=4_096)
def _directories(path: str) -> _Directories:
    """Interpret the directories of a URL. Cached because most pages of a site share a few."""
    words = [_plain(segment) for segment in path.split("/") if segment]
    if words and _is_language(words[0]):
        del words[0]
    return _described(tuple(word for word in words if word))


def _described(segments: tuple[str, ...]) -> _Directories:
    return _Directories(segments, _by_deciding_directory(segments), _by_directory(segments))


def _is_language(words: str) -> bool:
    return words[:2] in _rules().languages and bool(_LANGUAGE.fullmatch(words))


def _by_deciding_directory(directories: Sequence[str]) -> str:
    rules = _rules()
    for directory in directories:
        kind = rules.phrases.get(directory, "")
        if kind in rules.deciding_directories:
            return kind
    for first, second in pairwise(directories):
        if _YEAR.fullmatch(first) and _MONTH.fullmatch(second):
            return "blog"
    return ""


def _by_full_text(text: str) -> str:
    return _unless_home(_rules().phrases.get(text, ""))


def _by_ends(text: str) -> str:
    """Match the longest phrase at the start or end of some words."""
    words = text.split()
    if not 1 < len(words) <= MOST_WORDS:
        return ""
    rules = _rules()
    if words[0] not in rules.first_words and words[-1] not in rules.last_words:
        return ""
    for length in range(len(words) - 1, 0, -1):
        kind = _by_full_text(" ".join(words[:length])) or _by_full_text(" ".join(words[-length:]))
        if kind:
            return kind
    return ""


def _by_directory(directories: Sequence[str]) -> str:
    for directory in reversed(directories):
        kind = _by_full_text(directory)
        if kind:
            return kind
    return ""


def _by_query(query: str) -> str:
    for pair in query[:500].split("&") if query else ():
        kind = _by_full_text(_plain(pair.partition("=")[2]))
        if kind:
            return kind
    return ""


def _unless_home(kind: str) -> str:
    """Accept a word for the homepage only if it stands alone: /home/garden is not a homepage."""
    return "" if kind == "home" else kind


@lru_cache(maxsize=16_384)
def _plain(text: str) -> str:
    """Return words in lower case without accents, separated by single spaces."""
    if "%" in text:
        text = unquote(text)
    if not text.isascii():
        text = _without_accents(text)
    return " ".join(text.lower().translate(_BREAKS).split())


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("’", "'"))  # noqa: RUF001
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@cache
def _rules() -> _Rules:
    data: dict[str, Any] = tomllib.loads(
        Path(__file__).with_name("page_types.toml").read_text(encoding="utf-8")
    )
    rules = data.pop("rules")
    phrases: dict[str, str] = {}
    for kind, languages in data.items():
        for phrase in (phrase for listed in languages.values() for phrase in listed):
            for spelling in _spellings(phrase):
                phrases.setdefault(spelling, kind)
    return _Rules(
        phrases,
        frozenset(phrase.partition(" ")[0] for phrase in phrases),
        frozenset(phrase.rpartition(" ")[2] for phrase in phrases),
        frozenset(rules["languages"]),
        frozenset(rules["yielding_directories"]),
        frozenset(rules["deciding_directories"]),
        tuple(rules["opened_first"]),
        frozenset(rules["never_opened"]),
        frozenset(rules["page_extensions"]),
        frozenset(rules["media_extensions"]),
    )


def _spellings(phrase: str) -> set[str]:
    """Return the spellings of a phrase in URLs: umlauts both ways, with and without spaces."""
    plain = {_plain(phrase), _plain(phrase.translate(_UMLAUTS))}
    return plain | {spelling.replace(" ", "") for spelling in plain}
