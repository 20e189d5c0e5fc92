"""A site's homepage: open it, follow its refreshes, and compare it with the other name's."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from scans.engine.entry import Entry
from scans.engine.errors import FailureReason, ScanError
from scans.engine.extractors.facts import PageFacts
from scans.engine.extractors.page import read_page
from scans.engine.fetcher import Response
from scans.engine.limits import Limits
from scans.engine.report import Verdict
from scans.engine.robots_cache import STOPS_THE_SCAN
from scans.engine.verdict import judge

MOST_REFRESHES = 2
# Maximum text of a page with a refresh that merely forwards.
SAYS_NOTHING = 200
# Maximum refresh delay in seconds that is followed, for such a page and for any page.
LONGEST_DELAY, AT_ONCE = 30, 1

# Verdicts after which the site's other name is tried.
MAY_BE_ELSEWHERE = frozenset({Verdict.PARKED, Verdict.PLACEHOLDER})
# Rank of verdicts: of two responses, the more informative one is kept.
_BETTER_FIRST = (
    Verdict.OK,
    Verdict.MOVED_ELSEWHERE,
    Verdict.CHALLENGE,
    Verdict.PLACEHOLDER,
    Verdict.EMPTY,
    Verdict.PARKED,
)


class Homepage:
    """The response that represents the site, its content and its verdict."""

    def __init__(self, entry: Entry, limits: Limits) -> None:
        self.response = entry.open_homepage()
        self.page = PageFacts(url=self.response.url)
        self.verdict: tuple[Verdict, str] = (Verdict.OK, "")
        self.warnings = list(entry.warnings)
        self._entry = entry
        self._limits = limits

    def read(self) -> None:
        """Read the page and follow its refreshes; raise ScanError if there is no page."""
        self.response, self.page = self._followed(self.response)
        if not self.page.is_html and self.response.body.strip():
            raise _no_page(self.response)
        self.verdict = self._judge(self.response, self.page)

    def compare_with_sibling(self) -> None:
        """Try the site's other name if this one shows nothing of it; keep the better response."""
        if self.verdict[0] not in MAY_BE_ELSEWHERE:
            return
        response = self._entry.open_sibling()
        if response is None:
            return
        response, page = self._followed(response)
        verdict = self._judge(response, page)
        if not page.is_html or _rank(verdict) >= _rank(self.verdict):
            return
        first, other = (urlsplit(url).hostname for url in (self.response.url, response.url))
        self.warnings.append(f"Read at {other}: {first} is {self.verdict[0]} ({self.verdict[1]}).")
        self.response, self.page, self.verdict = response, page, verdict

    def _followed(self, home: Response) -> tuple[Response, PageFacts]:
        """Follow declarative refreshes as browsers do."""
        page = read_response(home, self._limits)
        for _ in range(MOST_REFRESHES):
            target = page.meta_refresh
            if not _is_left(page) or target == home.url or home.status >= 400:
                break
            try:
                next_response = self._entry.open_page(target)
            except ScanError as error:
                if error.reason in STOPS_THE_SCAN:
                    raise
                lost = f"The homepage redirects to {target[:200]}. {error.sentence}"
                self.warnings.append(lost)
                break
            passed = (*home.redirects, home.url, *next_response.redirects)
            home = replace(next_response, redirects=passed)
            page = read_response(home, self._limits)
        return home, page

    def _judge(self, response: Response, page: PageFacts) -> tuple[Verdict, str]:
        return judge(
            page,
            status=response.status,
            requested_host=self._entry.host,
            final_url=response.url,
            headers=response.headers,
        )


def read_response(response: Response, limits: Limits) -> PageFacts:
    """Read a response as a page."""
    return read_page(
        response.body,
        response.url,
        response.content_type,
        response.headers,
        cookies=response.cookies,
        person_names=limits.person_names,
    )


def _is_left(page: PageFacts) -> bool:
    """Return whether every visitor is redirected before they can read much of the page."""
    if not page.meta_refresh:
        return False
    if len(page.text) <= SAYS_NOTHING:
        return page.refresh_delay <= LONGEST_DELAY
    return page.refresh_delay <= AT_ONCE and not page.refresh_in_noscript


def _rank(verdict: tuple[Verdict, str]) -> int:
    return _BETTER_FIRST.index(verdict[0])


def _no_page(response: Response) -> ScanError:
    kind = response.content_type.partition(";")[0] or "of unknown type"
    sentence = f"{response.url[:200]} is not a web page but {kind[:80]}."
    return ScanError(FailureReason.UNSUPPORTED_CONTENT, sentence, url=response.url)
