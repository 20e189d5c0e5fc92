"""Detect the column of a table with the domains by its values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scans.engine.hostnames import InvalidDomain, normalise, registrable_domain
from scans.engine.lists.csv_rows import Row
from scans.engine.lists.errors import UnreadableFile
from scans.engine.lists.values import line_values

# Number of rows examined to detect the column, and of those that may contain the header.
SAMPLE_ROWS = 500
_HEADER_ROWS = 50
_MAX_COLUMNS = 200
_MAX_NAMED = 12
_MAX_NAME = 200

# Usual names of the domain column. They only decide between columns with similar values.
_KNOWN_NAMES = frozenset(
    (
        "domain", "domains", "domain name", "domainname", "company domain", "company domain name",
        "root domain", "website", "website url", "company website", "web site", "websites",
        "homepage", "home page", "webseite", "internetseite", "internet", "web", "www", "site web",
        "site internet", "sitio web", "pagina web", "página web", "sito", "sito web", "site",
        "hostname", "host", "domaine", "dominio", "domínio", "url", "urls", "base url", "link",
        "strona", "strona www", "strona internetowa", "webová stránka", "hemsida", "webbplats",
        "hjemmeside", "nettsted", "kotisivu", "verkkosivu", "weboldal", "web sitesi", "alan adı",  # noqa: RUF001
        "сайт", "веб-сайт", "веб сайт", "домен", "ιστοσελίδα", "الموقع", "الموقع الإلكتروني", "אתר",
        "网站", "網站", "网址", "網址", "域名", "ウェブサイト", "サイト", "ホームページ",
        "ドメイン", "웹사이트", "홈페이지", "사이트", "도메인",
    )
)  # fmt: skip
_NAME_BONUS = 1.5

# Sites on which companies have profiles or map entries; a column of these is not the domains.
_LIGHT_WEIGHT = 0.1
_LIGHT_SITES = frozenset(
    (
        "facebook.com", "fb.com", "fb.me", "instagram.com", "instagr.am", "linkedin.com", "lnkd.in",
        "twitter.com", "x.com", "t.co", "youtube.com", "youtu.be", "tiktok.com", "threads.net",
        "xing.com", "github.com", "gitlab.com", "medium.com", "reddit.com", "snapchat.com",
        "whatsapp.com", "wa.me", "t.me", "telegram.me", "discord.gg", "discord.com", "vk.com",
        "ok.ru", "weibo.com", "wechat.com", "qq.com", "line.me", "bsky.app", "mastodon.social",
        "vimeo.com", "flickr.com", "behance.net", "dribbble.com", "slideshare.net", "angel.co",
        "crunchbase.com", "wellfound.com", "glassdoor.com", "indeed.com", "kununu.com",
        "trustpilot.com", "foursquare.com", "booking.com", "wikipedia.org", "wikidata.org",
        "goo.gl", "g.co", "g.page", "business.site", "openstreetmap.org", "osm.org", "waze.com",
        "here.com", "bing.com", "mapquest.com", "2gis.ru", "bit.ly", "tinyurl.com", "ow.ly",
        "linktr.ee", "gravatar.com", "googleusercontent.com",
    )
)  # fmt: skip
_LIGHT_NAMES = re.compile(
    r"(?:.+\.)?(?:google|pinterest|yelp|tripadvisor|yandex|maps)\.(?:[a-z]{2,3}|com?\.[a-z]{2})"
    r"|maps\..+"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a table: its domain column, its column names, and its first data row."""

    column: int
    names: list[str]
    first: int


def find_layout(
    rows: Sequence[Row], column: str | int | None = None, *, names: Sequence[str] = ()
) -> Layout:
    """Return the layout of a table from its first rows.

    `column` is a name, an index from 0, or None to detect the column with most distinct hosts,
    where a known name adds half as much again. There may be title lines above the header. With
    `names`, the rows have no header. Raises UnreadableFile if there is no such column.
    """
    if names:
        index = names.index(column) if isinstance(column, str) and column in names else column
        layout = find_layout([Row(0, list(names)), *rows], index)
        return Layout(layout.column, list(names), 0)
    width = max((len(row.cells) for row in rows), default=0)
    if isinstance(column, str):
        return _named_layout(rows, column, width)
    if isinstance(column, int) and not 0 <= column < width:
        raise UnreadableFile(f"The file has {width} columns, so there is no column {column + 1}.")
    index = _best_column(rows, width) if column is None else column
    header = _header_above(rows, index)
    return Layout(index, _names(rows, header, width), 0 if header is None else header + 1)


def _named_layout(rows: Sequence[Row], name: str, width: int) -> Layout:
    plain_name = _plain(name)
    header = _row_naming(rows, plain_name)
    if header is None:
        header = _first_header(rows)
    names = _names(rows, header, width)
    if plain_name not in map(_plain, names):
        raise UnreadableFile(f"The file has no column named “{name[:_MAX_NAME]}”.{_naming(names)}")
    index = _named_column(rows, names, plain_name)
    return Layout(index, names, 0 if header is None else header + 1)


def _row_naming(rows: Sequence[Row], plain_name: str) -> int | None:
    """Return the index of the header row with a name, preferably one with several cells."""
    candidates = [
        position
        for position, row in enumerate(rows[:_HEADER_ROWS])
        if any(_plain(cell) == plain_name for cell in row.cells)
    ]
    wide = [position for position in candidates if _filled(rows[position]) > 1]
    return next(iter(wide or candidates), None)


def _named_column(rows: Sequence[Row], names: list[str], plain_name: str) -> int:
    """Return the column with a name; if there are several, the one with most domains."""
    candidates = [index for index, name in enumerate(names) if _plain(name) == plain_name]
    if len(candidates) == 1:
        return candidates[0]
    return max(candidates, key=lambda index: _score(rows, index))


def _naming(names: list[str]) -> str:
    """List the columns of a file, for an error about a missing one."""
    shown = ", ".join(name[:_MAX_NAME] for name in names[:_MAX_NAMED])
    return f" Its columns are: {shown}." if len(names) > 1 else ""


def _names(rows: Sequence[Row], header: int | None, width: int) -> list[str]:
    cells = [] if header is None else rows[header].cells
    names = [cell.strip() for cell in cells] + [""] * (width - len(cells))
    return [name or f"Column {number}" for number, name in enumerate(names, start=1)]


def _best_column(rows: Sequence[Row], width: int) -> int:
    if width == 1:
        return 0
    scores = [_score(rows, index) for index in range(min(width, _MAX_COLUMNS))]
    if not scores or max(scores) == 0:
        raise UnreadableFile("No column of the file contains domains.")
    return scores.index(max(scores))


def _score(rows: Sequence[Row], index: int) -> float:
    cells = {row.cells[index] for row in rows if index < len(row.cells)}
    score = sum(map(_weight, {host for cell in cells if (host := host_of_cell(cell))}))
    known = any(
        is_known_name(row.cells[index]) for row in rows[:_HEADER_ROWS] if index < len(row.cells)
    )
    return score * _NAME_BONUS if known else score


def _weight(host: str) -> float:
    is_light = registrable_domain(host) in _LIGHT_SITES or _LIGHT_NAMES.fullmatch(host)
    return _LIGHT_WEIGHT if is_light else 1.0


def host_of_cell(cell: str) -> str:
    """Return the host at the beginning of a cell; empty if there is none."""
    for value in line_values(cell[:2_000])[:1]:
        try:
            return normalise(value)
        except InvalidDomain:
            return ""
    return ""


def _header_above(rows: Sequence[Row], index: int) -> int | None:
    """Return the index of the header row, or None.

    It must be above the first host in the domain column; rows above it are titles. A single unknown
    word in a row is treated as a value: better to reject it than to lose it.
    """
    named = _known_header(rows, index)
    if named is not None:
        return named
    with_host = (position for position, row in enumerate(rows) if _has_host(row, index))
    first = next(with_host, len(rows))
    above = rows[: min(first, _HEADER_ROWS)]
    named = _first_header(above)
    if named is not None:
        return named
    widest = max(map(_filled, above), default=0)
    headers = (
        position
        for position, row in enumerate(above)
        if _filled(row) == widest and _looks_like_header(row, index)
    )
    return next(headers, None)


def _known_header(rows: Sequence[Row], index: int) -> int | None:
    """Return the index of a row with a known name in the column and only narrower rows above it."""
    for position, row in enumerate(rows[:_HEADER_ROWS]):
        if index < len(row.cells) and is_known_name(row.cells[index]):
            filled = _filled(row)
            above = rows[:position]
            is_top = all(_filled(other) < filled or not _has_host(other, index) for other in above)
            return position if is_top else None
    return None


def _first_header(rows: Sequence[Row]) -> int | None:
    """Return the index of the first row with a known column name."""
    first = enumerate(rows[:_HEADER_ROWS])
    return next((position for position, row in first if any(map(is_known_name, row.cells))), None)


def _looks_like_header(row: Row, index: int) -> bool:
    """Return whether a row looks like a header: several cells with letters and no hosts."""
    cells = [cell for cell in row.cells[:_MAX_COLUMNS] if cell.strip()]
    has_name = index < len(row.cells) and bool(row.cells[index].strip())
    if len(cells) < 2 or not has_name:
        return False
    return all(any(map(str.isalpha, cell)) and not host_of_cell(cell) for cell in cells)


def _filled(row: Row) -> int:
    return sum(map(bool, map(str.strip, row.cells)))


def _has_host(row: Row, index: int) -> bool:
    return index < len(row.cells) and host_of_cell(row.cells[index]) != ""


def is_known_name(cell: str) -> bool:
    """Return whether a cell names a column of domains."""
    return len(cell) < _MAX_NAME and _plain(cell) in _KNOWN_NAMES


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip(" \ufeff'\"").casefold()
