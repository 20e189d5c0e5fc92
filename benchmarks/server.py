"""Serve the sites, in a process of its own: `python -m benchmarks.server SPEC`.

Every host is a site: robots.txt, a sitemap, the homepage, and the contact page at any other path.
Responses are prepared and compressed in advance, so that the server's cost is negligible. The
process prints its port, then a line of figures for each line it reads, and ends with its input.
"""

import asyncio
import gzip
import json
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pages.folder import read_pages
from benchmarks.pages.made import make_pages

SITEMAP_URLS = 100
# Number of different generated sites; others reuse their pages under other names.
VARIANTS = 150
HOST_MARK = b"host-of-the-site.test"
BACKLOG = 2_048
_HOST = re.compile(rb"\r\nhost: *([^\r:]+)", re.IGNORECASE)
_NUMBER = re.compile(rb"\d+")
TYPES = {"html": b"text/html; charset=UTF-8", "xml": b"application/xml", "txt": b"text/plain"}


@dataclass(frozen=True, slots=True)
class Answers:
    """The complete responses of one site."""

    home: bytes
    contact: bytes


class Sites:
    """The server's responses and counters."""

    def __init__(self, count: int, folder: str, latency: float) -> None:
        pages = read_pages(Path(folder)) if folder else make_pages(min(count, VARIANTS))
        self.sizes = sorted(len(page) for pair in pages for page in (pair.home, pair.contact))
        self.answers = [Answers(_page(pair.home), _page(pair.contact)) for pair in pages]
        self.latency = latency
        self.requests = 0
        self.bytes = 0
        self.robots = b"User-agent: *\nDisallow: /wp-admin/\nSitemap: http://%s/sitemap.xml\n" % (
            HOST_MARK
        )
        self.sitemap = _sitemap()

    def answer(self, head: bytes) -> bytes:
        """Return the complete response to a request."""
        path = head.split(b" ", 2)[1]
        match = _HOST.search(head)
        host = match[1] if match else b""
        if path == b"/robots.txt":
            response = _response(self.robots.replace(HOST_MARK, host), "txt")
        elif path == b"/sitemap.xml":
            response = _response(self.sitemap.replace(HOST_MARK, host), "xml")
        else:
            site = self._site(host)
            response = site.home if path == b"/" else site.contact
        self.requests += 1
        self.bytes += len(response)
        return response

    def _site(self, host: bytes) -> Answers:
        number = _NUMBER.search(host)
        return self.answers[int(number[0]) % len(self.answers) if number else 0]

    def figures(self) -> dict[str, float]:
        """Return what has been served so far, and its cost."""
        return {
            "requests": self.requests,
            "bytes": self.bytes,
            "cpu": time.process_time(),
            "at": time.monotonic(),
            "median": self.sizes[len(self.sizes) // 2],
            "largest": self.sizes[-1],
        }


def _page(body: bytes) -> bytes:
    return _response(gzip.compress(body, 6), "html", b"Content-Encoding: gzip\r\n")


def _response(body: bytes, kind: str, more: bytes = b"") -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nServer: nginx\r\nX-Powered-By: PHP/8.2.26\r\nContent-Type: %s\r\n"
        b"Cache-Control: max-age=600\r\n%sContent-Length: %d\r\n\r\n"
    ) % (TYPES[kind], more, len(body)) + body


def _sitemap() -> bytes:
    urls = b"".join(
        b"<url><loc>http://%s/%s/article-number-%d/</loc><lastmod>2026-%02d-11T08:30:00+00:00"
        b"</lastmod><priority>0.6</priority></url>\n"
        % (HOST_MARK, (b"blog", b"services", b"products")[n % 3], n, n % 12 + 1)
        for n in range(SITEMAP_URLS)
    )
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns='
        b'"http://www.sitemaps.org/schemas/sitemap/0.9">\n%s</urlset>\n' % urls
    )


class Connection(asyncio.Protocol):
    """A persistent connection with sequential requests without bodies."""

    def __init__(self, sites: Sites, loop: asyncio.AbstractEventLoop) -> None:
        self._sites = sites
        self._loop = loop
        self._pending = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, received: bytes) -> None:
        *heads, self._pending = (self._pending + received).split(b"\r\n\r\n")
        for head in heads:
            answer = self._sites.answer(head)
            if self._sites.latency:
                self._loop.call_later(self._sites.latency, self._send, answer)
            else:
                self._send(answer)

    def _send(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


async def serve(sites: Sites) -> None:
    """Serve until stdin ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(sites, loop), "127.0.0.1", 0, backlog=BACKLOG
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(sites.figures()), flush=True)
    server.close()


if __name__ == "__main__":
    spec = json.loads(sys.argv[1])
    asyncio.run(serve(Sites(spec["sites"], spec["pages"], spec["latency"])))
