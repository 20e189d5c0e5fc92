"""Sites on loopback for the tests of the runner: every `*.site.test` is served here."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

PAGE = """<!doctype html><html lang="en"><head><title>{host}</title></head>
<body><h1>Welcome to {host}</h1><p>We repair bicycles of every kind and age, in our workshop by the
river. Write to <a href="mailto:info@{host}">info@{host}</a>.</p></body></html>"""


class Sites:
    """Sites that serve a plain page, after calling `before` with the host."""

    def __init__(self) -> None:
        self.before: Callable[[str], None] | None = None
        self.statuses: dict[str, int] = {}
        # Whether every connection is closed without an answer.
        self.is_cut_off = False
        self.asked: list[str] = []
        # Every request: when (`time.monotonic`), which host, which path.
        self.requested: list[tuple[float, str, str]] = []
        # Host -> the port that its latest visitor came from.
        self.peers: dict[str, int] = {}
        self.now = 0
        self.most = 0
        self._lock = threading.Lock()
        self.port = 0

    @contextmanager
    def visit(self, host: str) -> Iterator[None]:
        """Count the sites being read at the same time."""
        with self._lock:
            self.asked.append(host)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            if self.before:
                self.before(host)
            yield
        finally:
            with self._lock:
                self.now -= 1

    @property
    def host_map(self) -> tuple[tuple[str, str], ...]:
        return (("*.site.test", f"127.0.0.1:{self.port}"), ("*.none.test", "nxdomain"))


def handler_of(sites: Sites) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if sites.is_cut_off:
                self.close_connection = True
                return
            host = self.headers.get("Host", "")
            sites.requested.append((monotonic(), host, self.path))
            sites.peers[host] = self.client_address[1]
            if self.path != "/":
                self.answer(404, b"")
                return
            with sites.visit(host):
                self.answer(sites.statuses.get(host, 200), PAGE.format(host=host).encode())

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    return Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        super().__init__(("127.0.0.1", 0), handler_of(sites))

    def verify_request(self, request: object, client_address: object) -> bool:
        """Close connections at once while the sites are cut off."""
        return not self._sites.is_cut_off

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that were killed."""


@contextmanager
def serve() -> Iterator[Sites]:
    """Serve the sites for the duration of a test."""
    sites = Sites()
    server = Server(sites)
    sites.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield sites
    finally:
        server.shutdown()
        server.server_close()
