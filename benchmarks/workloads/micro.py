"""Small parts of the engine, each in a single thread."""

import time
import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import workloads
from benchmarks.pages.folder import read_pages
from benchmarks.pages.made import SitePages, make_pages
from scans.engine.child.warm_up import warm_up
from scans.engine.extractors.page import read_page
from scans.engine.limits import FetchSettings
from scans.engine.lists.collection import read_text
from scans.engine.sitemaps import parse_sitemap
from scans.engine.technologies.detection import detect

ROUNDS = 3
CHUNK = 65_536
BIG = 200_000_000
URL = "https://www.example.com/contact/"


def main() -> None:
    options = workloads.spec()
    warm_up(FetchSettings())
    started = workloads.now()
    pages = (
        read_pages(Path(options["pages"])) if options["pages"] else make_pages(options["variants"])
    )
    figures = {
        "sitemap": _sitemap(options["urls"]),
        "domains": _domains(options["domains"]),
        **_pages(pages),
    }
    workloads.print_figures(started, workloads.now(), **figures)


def _best(call: Callable[[], Any]) -> float:
    """Return the shortest of several rounds."""
    return min(_timed(call) for _ in range(ROUNDS))


def _timed(call: Callable[[], Any]) -> float:
    """Return the CPU time of a call, which is less affected by other load."""
    started = time.process_time()
    call()
    return time.process_time() - started


def _sitemap(count: int) -> dict[str, Any]:
    entry = (
        b"<url><loc>https://www.example.com/products/department-%d/article-%d/</loc><lastmod>"
        b"2026-04-%02dT10:00:00+00:00</lastmod><changefreq>weekly</changefreq><priority>0.5"
        b"</priority><image:image><image:loc>https://www.example.com/i/%d.jpg</image:loc>"
        b"</image:image></url>\n"
    )
    urls = b"".join(entry % (n % 40, n, n % 28 + 1, n) for n in range(count))
    body = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/'
        b'sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">\n%s</urlset>'
    ) % urls

    def parse(kept: int) -> int:
        return len(parse_sitemap(_chunks(body), f"{URL}sitemap.xml", kept, BIG).entries)

    return {
        "urls": count,
        "bytes": len(body),
        "read": parse(count),
        "seconds": _best(lambda: parse(count)),
        "peak": _peak(lambda: parse(1)),
        "peak_all": _peak(lambda: parse(count)),
    }


def _chunks(body: bytes) -> Iterable[bytes]:
    return (body[start : start + CHUNK] for start in range(0, len(body), CHUNK))


def _peak(call: Callable[[], Any]) -> int:
    """Return Python's additional peak memory during a call, in bytes."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _domains(count: int) -> dict[str, Any]:
    text = "\n".join(f"https://www.business-{n}.co.uk/contact?x=1" for n in range(count))
    return {"lines": count, "seconds": _timed(lambda: read_text(text))}


def _pages(pages: list[SitePages]) -> dict[str, Any]:
    """Return the median and worst page, read completely and for technologies only."""
    bodies = [body for pair in pages for body in (pair.home, pair.contact)]
    return {"pages": _spread([_best(partial(read_page, body, URL)) for body in bodies])} | {
        "technologies": _spread([_detection(body) for body in bodies])
    }


def _detection(body: bytes) -> float:
    facts = replace(read_page(body, URL), technologies=())
    return _best(lambda: detect(facts, {"Server": "nginx"}, {}))


def _spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "count": len(ordered),
        "rate": len(ordered) / sum(ordered),
        "median": median(ordered),
        "p95": ordered[int(len(ordered) * 0.95)],
        "worst": ordered[-1],
    }


if __name__ == "__main__":
    main()
