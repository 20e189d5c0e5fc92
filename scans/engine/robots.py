"""Read robots.txt (RFC 9309) and decide which URLs of the site may be requested."""

import re
from dataclasses import dataclass, field

from scans.engine.links import resolve_url
from scans.engine.page_types import page_type
from scans.engine.report import RobotsDecision
from scans.engine.robots_rules import RobotsFile, parse_robots
from scans.engine.schemeless import with_scheme

# Bytes read of the file; RFC 9309, 2.5 requires at least 500 KiB.
MAX_BYTES = 512_000
# Characters of the file stored with the scan.
MAX_KEPT = 100_000
MAX_SITEMAPS = 500

_COMPATIBLE = re.compile(r"compatible;\s*([^\s;/,()]+)")
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
# Separators between sitemaps on one line; a comma or space may also be part of a URL.
_BETWEEN_SITEMAPS = re.compile(
    r"(?<![\s,;|])[\"'>]{0,3}[\s,;|]++(?:site-?map\s*+:\s*+)?+[\"'<]{0,3}"
    r"(?=https?:|//?[^\s/]|www\.|[\w-]++\.[\w.-]++/)"
    r"|(?<=\.xml)[\s,;|]++|(?<=\.gz)[\s,;|]++|(?<=\.txt)[\s,;|]++"
    r"|(?<=\.xml)(?=https?://)|(?<=\.gz)(?=https?://)|(?<=\.txt)(?=https?://)",
    re.IGNORECASE,
)
_LOOKS_LIKE_ADDRESS = re.compile(r"[\w%~:-]*[./]")
_QUOTES = "\"'<>`"


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site for one user agent.

    If `known` is false (the server responded with an error, or not at all), the rules are unknown
    and only the homepage may be requested, including `/en/` and the like: the scan is meant to find
    out whether and how it responds. RFC 9309, 2.3.1.4 would assume that nothing is allowed.
    """

    url: str
    status: int
    text: str = ""
    note: str = ""
    known: bool = True
    # Seconds between requests; 0 if the file does not ask for any.
    crawl_delay: float = 0.0
    sitemaps: tuple[str, ...] = ()
    user_agent: str = "*"
    _file: RobotsFile | None = field(default=None, repr=False)

    def allowed(self, url: str) -> bool:
        """Return whether the rules let this URL be requested."""
        if not self.known:
            return page_type(url) == "home"
        return self._file is None or self._file.allows(_path(url))

    def disallowed_by(self, url: str) -> str:
        """Return the line that disallows a URL, or an empty string."""
        rule = self._file.rule_for(_path(url)) if self._file else None
        return rule.line if rule and not rule.allows else ""

    @property
    def has_rules(self) -> bool:
        return bool(self._file and self._file.rules)

    def decision(self, homepage_url: str, obeyed: bool) -> RobotsDecision:
        """Return the file's decision on the homepage, for the report."""
        return RobotsDecision(
            url=self.url,
            status=self.status,
            text=self.text[:MAX_KEPT],
            allowed=self.allowed(homepage_url),
            obeyed=obeyed,
            crawl_delay=self.crawl_delay,
            sitemaps=self.sitemaps,
            note=self.note,
        )


def read_robots(text: bytes, status: int, url: str, content_type: str, user_agent: str) -> Robots:
    """Parse the response to a request for robots.txt; `status` 0 means no response.

    A missing file (4xx) allows everything (RFC 9309, 2.3.1.3), and so does a web page without any
    rule. 429 and 5xx leave the rules unknown.
    """
    if status == 0:
        note = "robots.txt could not be fetched, so only the homepage is read."
        return Robots(url, status, note=note, known=False)
    if status == 429 or status >= 500:
        note = f"robots.txt returned status {status}: rules unknown, so only the homepage is read."
        return Robots(url, status, note=note, known=False)
    if not 200 <= status < 300:
        return Robots(url, status, note=f"There is no robots.txt (status {status}).")
    return _read_file(text, status, url, content_type, user_agent)


def product_token(user_agent: str) -> str:
    """Return our product token for robots.txt: `ScraperSky/1.0 (+...)` -> `ScraperSky`.

    Matching the whole header would let a group for `bot` match the URL in the comment.
    """
    named = _COMPATIBLE.search(user_agent)
    token = named[1] if named else re.split(r"[\s/]", user_agent.strip(), maxsplit=1)[0]
    return token or "*"


def sitemap_values(line: str) -> list[str]:
    """Return the URLs in a `Sitemap` line; some sites write several in one line."""
    first, *others = (part.strip().strip(_QUOTES) for part in _BETWEEN_SITEMAPS.split(line))
    return [part for part in (first, *filter(_LOOKS_LIKE_ADDRESS.match, others)) if part]


def _read_file(data: bytes, status: int, url: str, content_type: str, user_agent: str) -> Robots:
    text = _decoded(data[:MAX_BYTES])
    token = product_token(user_agent)
    file = parse_robots(text, token)
    note = ""
    if len(data) >= MAX_BYTES or file.is_cut:
        note = "robots.txt is too long. Only its beginning was read."
    if not file.has_directives and _is_web_page(text, content_type):
        note, text = "The site serves a web page instead of robots.txt, so there are no rules.", ""
    return Robots(
        url,
        status,
        text=text.replace("\0", ""),
        note=note,
        crawl_delay=file.delay,
        sitemaps=_sitemaps(file.sitemaps, url),
        user_agent=token,
        _file=file,
    )


def _decoded(data: bytes) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return data.decode("utf-8", "replace")


def _path(url: str) -> str:
    """Return a URL's path and query, including a `?` without a query."""
    path = url.partition("://")[2].partition("#")[0]
    start = min((index for mark in "/?" if (index := path.find(mark)) >= 0), default=len(path))
    return path[start:] if path[start : start + 1] == "/" else f"/{path[start:]}"


def _sitemaps(lines: tuple[str, ...], url: str) -> tuple[str, ...]:
    values = (value for line in lines for value in sitemap_values(line))
    resolved = (resolve_url(with_scheme(value, url), url) for value in values)
    return tuple(dict.fromkeys(url for url in resolved if url))[:MAX_SITEMAPS]


def _is_web_page(text: str, content_type: str) -> bool:
    return text.lstrip("\ufeff \t\r\n").startswith("<") or "html" in content_type.lower()
