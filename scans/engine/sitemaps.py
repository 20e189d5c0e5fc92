"""Walk the sitemaps of a site: those named, those that indexes name, each once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from scans.engine.errors import FailureReason, ScanError
from scans.engine.limits import Limits
from scans.engine.links import is_internal, resolve_url
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

# Sitemaps that may wait to be opened; an index of 50,000 is not followed to its end anyway.
MAX_WAITING = 1_000


class FetchedStream(Protocol):
    """An answer whose body is read chunk by chunk."""

    @property
    def status(self) -> int: ...

    @property
    def final_url(self) -> str: ...

    @property
    def chunks(self) -> Iterable[bytes]: ...


@dataclass(slots=True)
class SitemapWalk:
    """The sitemaps that were opened and the pages of the site that they name."""

    files: list[SitemapFile]
    entries: list[SitemapEntry]
    # Sentences on what was left out, for the report's warnings.
    notes: list[str] = field(default_factory=list)


class _Waiting(NamedTuple):
    url: str
    source: str
    parent_url: str
    depth: int


def collect_sitemaps(
    seeds: list[tuple[str, str]],
    fetch: Callable[[str], FetchedStream],
    limits: Limits,
    host: str,
) -> SitemapWalk:
    """Open the sitemaps in `seeds`, (url, source) each, and what their indexes name.

    Stops at `limits.max_sitemaps` files, `limits.sitemap_depth` levels of indexes and
    `limits.max_pages` pages. Pages of other sites than that of `host` are left out. A sitemap that
    cannot be had or read is recorded with its error; one that was only guessed (source
    `well_known`) is recorded where it exists, and looked for only until a sitemap has been found.

    Raises ScanError only where the scan was cancelled; a passed deadline ends the walk.
    """
    return _Walker(fetch, limits, host).walk(seeds)


class _Walker:
    def __init__(self, fetch: Callable[[str], FetchedStream], limits: Limits, host: str) -> None:
        self._fetch = fetch
        self._limits = limits
        self._host = host
        self._walk = SitemapWalk(files=[], entries=[])
        self._queue: deque[_Waiting] = deque()
        self._named: set[str] = set()
        self._read: set[str] = set()
        self._pages: set[str] = set()
        self._internal: dict[str, bool] = {}
        self._found = False
        self._stopped = False

    def walk(self, seeds: list[tuple[str, str]]) -> SitemapWalk:
        for url, source in seeds:
            self._wait(url, source, "", 0)
        opened = 0
        while self._queue and opened < self._limits.max_sitemaps and not self._is_full():
            waiting = self._queue.popleft()
            if waiting.source == "well_known" and self._found:
                continue
            opened += 1
            self._open(waiting)
            if self._stopped:
                break
        self._note_what_was_left()
        return self._walk

    def _wait(self, url: str, source: str, parent_url: str, depth: int) -> None:
        resolved = resolve_url(url)
        if resolved and resolved not in self._named and len(self._queue) < MAX_WAITING:
            self._named.add(resolved)
            self._queue.append(_Waiting(resolved, source, parent_url, depth))

    def _is_full(self) -> bool:
        return len(self._walk.entries) >= self._limits.max_pages

    def _open(self, waiting: _Waiting) -> None:
        try:
            stream = self._fetch(waiting.url)
        except ScanError as error:
            self._record(waiting, ParsedSitemap(error=self._sentence(error)))
            return
        if not 200 <= stream.status < 300:
            self._record(waiting, ParsedSitemap(error=f"It answered with status {stream.status}."))
        elif stream.final_url in self._read:
            twice = f"It leads to {stream.final_url}, which was read already."
            self._record(waiting, ParsedSitemap(error=twice))
        else:
            self._read.add(stream.final_url)
            self._take(waiting, stream)

    def _take(self, waiting: _Waiting, stream: FetchedStream) -> None:
        failures: list[ScanError] = []
        room = self._limits.max_pages - len(self._walk.entries)
        chunks = _until_failure(stream.chunks, failures)
        parsed = parse_sitemap(chunks, stream.final_url, room, self._limits.sitemap_bytes)
        if failures:
            parsed.error = self._sentence(failures[0])
        elif parsed.truncated:
            self._walk.notes.append(f"{waiting.url} was not read to its end: limits of the scan.")
        self._record(waiting, parsed)
        self._found = self._found or bool(parsed.entries or parsed.children)
        self._add_entries(parsed.entries)
        if parsed.children and waiting.depth >= self._limits.sitemap_depth:
            self._walk.notes.append(f"The indexes below {waiting.url} nest too deep to follow.")
            return
        for child in parsed.children:
            self._wait(child, "index", waiting.url, waiting.depth + 1)

    def _sentence(self, error: ScanError) -> str:
        if error.reason is FailureReason.CANCELLED:
            raise error
        if error.reason is FailureReason.DEADLINE_EXCEEDED:
            self._stopped = True
            self._walk.notes.append(f"{error.sentence} Not all sitemaps were read.")
        return error.sentence

    def _record(self, waiting: _Waiting, parsed: ParsedSitemap) -> None:
        if waiting.source == "well_known" and not parsed.kind:
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

    def _add_entries(self, entries: list[SitemapEntry]) -> None:
        for entry in entries:
            if entry.loc not in self._pages and self._is_internal(entry.loc):
                self._pages.add(entry.loc)
                self._walk.entries.append(entry)

    def _is_internal(self, loc: str) -> bool:
        """Ask once for each origin: a sitemap's pages mostly share one."""
        origin = "/".join(loc.split("/", 3)[:3])
        known = self._internal.get(origin)
        if known is None:
            known = self._internal[origin] = is_internal(origin, self._host)
        return known

    def _note_what_was_left(self) -> None:
        left = sum(waiting.source != "well_known" for waiting in self._queue)
        if left and not self._stopped:
            self._walk.notes.append(
                f"{left:,} sitemaps were not opened: the scan's limits are met."
            )


def _until_failure(chunks: Iterable[bytes], failures: list[ScanError]) -> Iterator[bytes]:
    """Pass the chunks on; where taking them fails, keep the failure and end."""
    try:
        yield from chunks
    except ScanError as error:
        failures.append(error)
