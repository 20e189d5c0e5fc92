"""Serve the demo sites over HTTP, and one expired certificate over TLS."""

import socket
import ssl
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from scans.demo.catalogue import CERTIFICATE, PAGES, SITES, SUFFIX

SITE_OF_NAME = {site.name: site for site in SITES}
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".xml": "application/xml",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
}
IDLE_SECONDS = 30
SILENCE_SECONDS = 600


class DemoHandler(BaseHTTPRequestHandler):
    """Serve every demo host, by the Host header."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    server_version = "DemoSites"
    sys_version = ""

    def do_GET(self) -> None:
        host = (self.headers.get("Host") or "").partition(":")[0].lower()
        name = host.removesuffix(f".{SUFFIX}")
        path = unquote(urlsplit(self.path).path)
        if name == "silent":
            self._keep_silent()
        elif name == "expired":
            self._redirect(f"https://{host}{path}")
        elif name == "moved":
            self._redirect(f"http://www.{host}{path}")
        else:
            self._answer(name.removeprefix("www."), path)

    do_HEAD = do_GET  # noqa: N815  (the name that http.server looks for)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the terminal shows the scan."""

    def version_string(self) -> str:
        """Send no Server header; sites that need one set it themselves."""
        return ""

    def send_header(self, keyword: str, value: str) -> None:
        if value:
            super().send_header(keyword, value)

    def _answer(self, name: str, path: str) -> None:
        """Send the file of a path, or the site's 404 page."""
        folder = PAGES / name if name in SITE_OF_NAME else PAGES / "gone"
        headers = SITE_OF_NAME[name].headers if name in SITE_OF_NAME else {}
        file = _file_of(folder, path)
        if file:
            status = HTTPStatus.FORBIDDEN if name == "guarded" else HTTPStatus.OK
            body, kind = file.read_bytes(), TYPES.get(file.suffix, "application/octet-stream")
        else:
            status, kind = HTTPStatus.NOT_FOUND, TYPES[".html"]
            body = (PAGES / "gone" / "404.html").read_bytes()
        self._send(status, body, {"Content-Type": kind} | headers)

    def _redirect(self, target: str) -> None:
        self._send(HTTPStatus.MOVED_PERMANENTLY, b"", {"Location": target})

    def _send(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _keep_silent(self) -> None:
        """Keep the connection open without responding until the client gives up."""
        self.connection.settimeout(SILENCE_SECONDS)
        self.rfile.read(1)
        self.close_connection = True


class DemoServer(ThreadingHTTPServer):
    """Serve on a listening socket."""

    daemon_threads = True

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(listening.getsockname()[:2], DemoHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that disconnect, as scans do when they time out."""


class ExpiredServer(DemoServer):
    """Present a certificate that no client should accept."""

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(listening)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(CERTIFICATE)

    def finish_request(self, request: object, client_address: object) -> None:
        """Do the TLS handshake in the connection's own thread, so a slow one delays no others."""
        assert isinstance(request, socket.socket)  # noqa: S101  (socketserver's types are wider)
        request.settimeout(IDLE_SECONDS)
        with self._context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)


def listen() -> socket.socket:
    """Return a socket that listens on a free port of loopback."""
    return socket.create_server(("127.0.0.1", 0), backlog=128)


def serve(http: socket.socket, https: socket.socket) -> None:
    """Serve the demo sites on two listening sockets until the process ends."""
    tls = ExpiredServer(https)
    threading.Thread(target=tls.serve_forever, name="tls", daemon=True).start()
    DemoServer(http).serve_forever()


def _file_of(folder: Path, path: str) -> Path | None:
    """Return the file for a path within a folder; for a directory, its index.html."""
    wanted = (folder / path.lstrip("/")).resolve()
    if wanted.is_dir():
        wanted /= "index.html"
    inside = wanted.is_relative_to(folder)
    return wanted if inside and wanted.is_file() and wanted.name != "404.html" else None
