"""Read the sitemaps of a site, including those listed in indexes, each once."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from scans.engine.cross_submits import CrossSubmitError, CrossSubmits
from scans.engine.errors import FailureReason, ScanError
from scans.engine.limits import Limits
from scans.engine.links import resolve_url, url_host
from scans.engine.report import SitemapFile
from scans.engine.sitemap_parser import ParsedSitemap, SitemapEntry, parse_sitemap

__all__ = [
    "FetchedStream",
    "ParsedSitemap",
    "SitemapEntry",
    "SitemapWalk",
    "collect_sitemaps",
    "parse_sitemap",
]

# Maximum number of pending sitemaps; an index of 50,000 is never read completely anyway.
MAX_WAITING = 1_000
# Statuses that mean that the file does not exist.
ABSENT = frozenset({404, 410})

# Called with every URL before it is requested; raises ScanError if it may not be.
Check = Callable[[str], None]


class FetchedStream(Protocol):
    """A response whose body is read chunk by chunk."""

    @property
    def status(self) -> int: ...

    @property
    def final_url(self) -> str: ...

    @property
    def chunks(self) -> Iterable[bytes]: ...


@dataclass(slots=True)
class SitemapWalk:
    """The opened sitemaps and the site's pages listed in them."""

    files: list[SitemapFile]
    entries: list[SitemapEntry]
    # Sentences about omissions, for the report's warnings.
    notes: list[str] = field(default_factory=list)
    # Whether all sitemaps were read completely.
    is_complete: bool = True


class _Waiting(NamedTuple):
    url: str
    source: str
    parent_url: str
    depth: int
    # Whether it is listed in robots.txt, or in an index listed there.
    is_listed: bool


def collect_sitemaps(
    seeds: list[tuple[str, str]],
    fetch: Callable[[str, Check], FetchedStream],
    limits: Limits,
    host: str,
    check_robots: Check,
) -> SitemapWalk:
    """Read the sitemaps in `seeds`, given as (url, source), and those listed in indexes.

    Stops at `limits.max_sitemaps` files, `limits.sitemap_depth` levels of indexes and
    `limits.max_pages` pages. Pages of other sites than that of `host` are left out, and sitemaps
    there are read only as `CrossSubmits` allows. A sitemap that cannot be fetched or read is
    recorded with its error. One that was only guessed (source `well_known`) is recorded if it
    exists, and tried only until a sitemap has been found. `fetch` calls its second argument with
    the target of each redirect.

    Raises ScanError only where the scan was cancelled; a passed deadline ends the walk.
    """
    return _Walker(fetch, limits, CrossSubmits(host, check_robots)).walk(seeds)


class _Walker:
    def __init__(
        self,
        fetch: Callable[[str, Check], FetchedStream],
        limits: Limits,
        cross_submits: CrossSubmits,
    ) -> None:
        self._fetch = fetch
        self._limits = limits
        self._cross_submits = cross_submits
        self._walk = SitemapWalk(files=[], entries=[])
        self._queue: deque[_Waiting] = deque()
        self._named: set[str] = set()
        self._read: set[str] = set()
        self._pages: set[str] = set()
        self._has_entries = False
        self._stopped = False
        # Number of sitemaps on other sites that we may not read, by host.
        self._strangers: Counter[str] = Counter()
        # Number left out because of limits: on this site, and by reason on other sites.
        self._left = 0
        self._refused: Counter[str] = Counter()

    def walk(self, seeds: list[tuple[str, str]]) -> SitemapWalk:
        for url, source in seeds:
            self._wait(_Waiting(url, source, "", 0, is_listed=source == "robots"))
        opened = 0
        while self._queue and opened < self._limits.max_sitemaps and not self._is_full():
            waiting = self._queue.popleft()
            if waiting.source == "well_known" and self._has_entries:
                continue
            if self._is_refused(waiting):
                continue
            opened += 1
            self._open(waiting)
            if self._stopped:
                break
        self._note_what_was_left()
        return self._walk

    def _wait(self, waiting: _Waiting) -> None:
        url = resolve_url(waiting.url)
        if not url or url in self._named:
            return
        self._named.add(url)
        if self._cross_submits.is_foreign(url) and not waiting.is_listed:
            self._strangers[url_host(url)] += 1
        elif len(self._queue) >= MAX_WAITING:
            self._left += 1
        else:
            self._queue.append(waiting._replace(url=url))

    def _is_full(self) -> bool:
        return len(self._walk.entries) >= self._limits.max_pages

    def _is_refused(self, waiting: _Waiting) -> bool:
        """Skip what may not be requested, with a single note for all beyond a limit."""
        try:
            self._cross_submits.admit(waiting.url, waiting.is_listed)
        except CrossSubmitError as error:
            self._refused[error.sentence] += 1
        except ScanError as error:
            self._fail(waiting, error)
        else:
            return False
        return True

    def _open(self, waiting: _Waiting) -> None:
        def check(url: str) -> None:
            self._cross_submits.admit(url, waiting.is_listed)

        try:
            stream = self._fetch(waiting.url, check)
        except ScanError as error:
            self._fail(waiting, error)
            return
        if not 200 <= stream.status < 300:
            is_absent = stream.status in ABSENT
            sentence = f"It returned status {stream.status}."
            self._record(waiting, ParsedSitemap(error=sentence, is_cut=not is_absent))
        elif stream.final_url in self._read:
            twice = f"It redirects to {stream.final_url}, which has already been read."
            self._record(waiting, ParsedSitemap(error=twice))
        else:
            self._read.add(stream.final_url)
            self._take(waiting, stream)

    def _fail(self, waiting: _Waiting, error: ScanError) -> None:
        """Record a sitemap that could not be fetched; ignore a guess that redirects elsewhere."""
        if isinstance(error, CrossSubmitError) and waiting.source == "well_known":
            return
        self._record(waiting, ParsedSitemap(error=self._sentence(error), is_cut=True))

    def _take(self, waiting: _Waiting, stream: FetchedStream) -> None:
        failures: list[ScanError] = []
        room = self._limits.max_pages - len(self._walk.entries)
        chunks = _until_failure(stream.chunks, failures)
        parsed = parse_sitemap(chunks, stream.final_url, room, self._limits.sitemap_bytes)
        if failures:
            parsed.error, parsed.is_cut = self._sentence(failures[0]), True
        elif parsed.truncated:
            self._note(f"{waiting.url} was not read completely because of the scan's limits.")
        self._has_entries = self._has_entries or bool(parsed.entries or parsed.children)
        if parsed.entries and not self._add_entries(parsed.entries) and not parsed.error:
            host = url_host(parsed.entries[0].loc)
            parsed.error = (
                f"None of its {len(parsed.entries):,} pages is on this site, but on {host}."
            )
        self._record(waiting, parsed)
        if parsed.children and waiting.depth >= self._limits.sitemap_depth:
            self._note(f"The indexes below {waiting.url} are nested too deep to follow.")
            return
        for child in parsed.children:
            is_listed = waiting.source == "robots"
            self._wait(_Waiting(child, "index", waiting.url, waiting.depth + 1, is_listed))

    def _sentence(self, error: ScanError) -> str:
        if error.reason is FailureReason.CANCELLED:
            raise error
        if error.reason is FailureReason.DEADLINE_EXCEEDED:
            self._stopped = True
            self._note(f"{error.sentence} Not all sitemaps were read.")
        return error.sentence

    def _note(self, sentence: str) -> None:
        self._walk.notes.append(sentence)
        self._walk.is_complete = False

    def _record(self, waiting: _Waiting, parsed: ParsedSitemap) -> None:
        is_guess = waiting.source == "well_known" and not parsed.kind
        if parsed.is_cut and not (is_guess and parsed.bytes):  # a page instead of a sitemap
            self._walk.is_complete = False
        if is_guess:
            return
        self._walk.files.append(
            SitemapFile(
                url=waiting.url,
                kind=parsed.kind,
                source=waiting.source,
                parent_url=waiting.parent_url,
                url_count=len(parsed.children if parsed.kind == "index" else parsed.entries),
                bytes=parsed.bytes,
                error=parsed.error,
            )
        )

    def _add_entries(self, entries: list[SitemapEntry]) -> int:
        """Keep new pages of the site; return how many of the entries belong to the site."""
        own = 0
        for entry in entries:
            if self._cross_submits.is_foreign(entry.loc):
                continue
            own += 1
            if entry.loc not in self._pages:
                self._pages.add(entry.loc)
                self._walk.entries.append(entry)
        return own

    def _note_what_was_left(self) -> None:
        left = self._left + sum(waiting.source != "well_known" for waiting in self._queue)
        if left and not self._stopped:
            self._note(f"{left:,} sitemaps were not opened because of the scan's limits.")
        for sentence, count in self._refused.items():
            self._note(f"{count:,} sitemaps were not opened. {sentence}")
        if self._strangers:
            hosts = ", ".join(host for host, _ in self._strangers.most_common(3))
            self._walk.notes.append(
                f"{self._strangers.total():,} sitemaps of other sites ({hosts}) were not opened:"
                " robots.txt does not list them."
            )


def _until_failure(chunks: Iterable[bytes], failures: list[ScanError]) -> Iterator[bytes]:
    """Yield chunks until one cannot be read; record why."""
    try:
        yield from chunks
    except ScanError as error:
        failures.append(error)
