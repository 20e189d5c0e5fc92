"""Read robots.txt (RFC 9309) and answer what may be asked of the site."""

import codecs
import re
from dataclasses import dataclass, field

from protego import Protego

from scans.engine.links import resolve_url
from scans.engine.page_types import page_type
from scans.engine.report import RobotsDecision

# What is read of the file; RFC 9309, 2.5 asks for 500 KiB at least.
MAX_BYTES = 512_000
# Characters of the file that are kept with the scan.
MAX_KEPT = 100_000
MAX_SITEMAPS = 500
MAX_LINES = 50_000

_COMPATIBLE = re.compile(r"compatible;\s*([A-Za-z_-]+)")
_AGENT = re.compile(r"\s*user[- ]?agent[\s:]+([^#]*)", re.IGNORECASE)
_DIRECTIVE = re.compile(
    rb"^\s*(?:user-?agent|(?:dis)?allow|site-?map|crawl-?delay|host)\s*:", re.I | re.M
)


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site for one user agent.

    Where `known` is false (the server answered with an error of its own, or not at all), the
    rules are not known and only the homepage may be asked for, `/en/` and the like too: whether it
    answers, and with what, is what the scan is to find out. RFC 9309, 2.3.1.4 would stay away.
    """

    url: str
    status: int
    text: str = ""
    note: str = ""
    known: bool = True
    # Seconds between two requests, 0 where the file asks for none.
    crawl_delay: float = 0.0
    sitemaps: tuple[str, ...] = ()
    user_agent: str = "*"
    _rules: Protego | None = field(default=None, repr=False)

    def allowed(self, url: str) -> bool:
        """Say whether the rules let this URL be requested."""
        if not self.known:
            return page_type(url) == "home"
        return self._rules is None or bool(self._rules.can_fetch(url, self.user_agent))

    def decision(self, homepage_url: str, obeyed: bool) -> RobotsDecision:
        """Return what the file said about the homepage, as the report keeps it."""
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
    """Read the answer to a request for robots.txt; `status` 0 is a server that did not answer.

    A file that is not there (4xx) allows everything (RFC 9309, 2.3.1.3), and so does a web page
    in its place. 429 and 5xx leave the rules unknown.
    """
    if status == 0:
        note = "robots.txt could not be fetched, so only the homepage may be opened."
        return Robots(url, status, note=note, known=False)
    if status == 429 or status >= 500:
        note = f"robots.txt answered {status}: its rules are unknown, only the homepage is opened."
        return Robots(url, status, note=note, known=False)
    if not 200 <= status < 300:
        return Robots(url, status, note=f"There is no robots.txt (status {status}).")
    if _is_web_page(text, content_type):
        return Robots(url, status, note="A web page stands in the place of robots.txt: no rules.")
    return _read_rules(text, status, url, user_agent)


def product_token(user_agent: str) -> str:
    """Return the name by which robots.txt addresses us: `ScraperSky/1.0 (+...)` -> `ScraperSky`.

    The whole header is not matched: a group for `bot` would meet the address in its comment.
    """
    named = _COMPATIBLE.search(user_agent)
    token = named[1] if named else user_agent.strip().partition("/")[0].partition(" ")[0]
    return token or "*"


def _read_rules(data: bytes, status: int, url: str, user_agent: str) -> Robots:
    text = data[:MAX_BYTES].removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    lines = text.splitlines()
    token = product_token(user_agent)
    rules = Protego.parse("\n".join(_for_us(line, token) for line in lines[:MAX_LINES]))
    cut = len(data) >= MAX_BYTES or len(lines) > MAX_LINES
    return Robots(
        url,
        status,
        text=text.replace("\0", ""),
        note="robots.txt is too long; only its beginning was read." if cut else "",
        crawl_delay=_crawl_delay(rules, token),
        sitemaps=_sitemaps(rules, url),
        user_agent=token,
        _rules=rules,
    )


def _for_us(line: str, token: str) -> str:
    """Give every group that is not ours one name.

    Protego adds each rule to each agent of its group: 15,000 agents above 20,000 rules, which fit
    into half a megabyte, would take minutes and gigabytes.
    """
    named = _AGENT.match(line)
    if not named:
        return line
    agent = named[1].strip().lower()
    ours = agent == "*" or agent.replace("*", "") in token.lower()
    return line if ours else "User-agent: .nobody."


def _crawl_delay(rules: Protego, token: str) -> float:
    delay = rules.crawl_delay(token)
    if delay is not None:
        return float(delay)
    rate = rules.request_rate(token)
    return rate.seconds / rate.requests if rate else 0.0


def _sitemaps(rules: Protego, url: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for line in rules.sitemaps:
        resolved = resolve_url(line, url)
        if resolved:
            found[resolved] = None
        if len(found) == MAX_SITEMAPS:
            break
    return tuple(found)


def _is_web_page(data: bytes, content_type: str) -> bool:
    beginning = data[:4_000].removeprefix(codecs.BOM_UTF8).lstrip()
    if beginning.startswith(b"<"):
        return True
    return "html" in content_type.lower() and not _DIRECTIVE.search(beginning)
