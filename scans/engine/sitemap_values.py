"""Parse the values of a sitemap entry; drop implausible ones."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from scans.engine.links import MAX_URL, resolve_url
from scans.engine.schemeless import with_scheme

# Maximum length of a date, frequency or priority: parsed values are cached, so cut first.
LONGEST = 40

_FREQUENCIES = frozenset({"always", "hourly", "daily", "weekly", "monthly", "yearly", "never"})
_YEAR_OR_MONTH = re.compile(r"[12]\d{3}(?:-(?:0[1-9]|1[0-2]))?")


def read_location(text: str, url: str) -> str:
    """Return an absolute URL, or an empty string, after fixing a doubly escaped `&`.

    This also reverts the escaping of an ampersand inside a CDATA section. Without a scheme, it is a
    host if it looks like one, else a path.
    """
    if "&amp;" in text:
        text = text.replace("&amp;", "&")
    if text.startswith(("https://", "http://")) or is_absolute(text):
        return text if len(text) <= MAX_URL else ""
    return (resolve_url(with_scheme(text, url), url) or "") if text else ""


def is_absolute(text: str) -> bool:
    """Return whether a text begins like an absolute web URL."""
    return text[:8].lower().startswith(("http://", "https://"))


def is_whole_address(text: str, url: str) -> bool:
    """Return whether an unmarked text is a URL rather than a word or sentence."""
    if not text or len(text) > MAX_URL or any(map(str.isspace, text)):
        return False
    return text[0] == "/" or is_absolute(with_scheme(text, url))


@lru_cache(maxsize=1_024)
def read_date(text: str) -> str:
    """Return an ISO 8601 date or time, as given or converted from the RSS format."""
    if _YEAR_OR_MONTH.fullmatch(text):
        return text
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return _from_rfc_822(text)
    return text


def _from_rfc_822(text: str) -> str:
    try:
        return parsedate_to_datetime(text).isoformat()
    except (ValueError, TypeError, OverflowError):
        return ""


@lru_cache(maxsize=1_024)
def read_hints(frequency: str, priority: str) -> tuple[str, float | None]:
    """Return one of the seven frequencies of sitemaps.org, and a priority from 0 to 1.

    Invalid values become an empty string and None.
    """
    lowered = frequency.lower()
    return (lowered if lowered in _FREQUENCIES else ""), _number(priority)


def _number(text: str) -> float | None:
    try:
        value = float(text) if text else -1.0
    except ValueError:
        return None
    return value if 0.0 <= value <= 1.0 else None
