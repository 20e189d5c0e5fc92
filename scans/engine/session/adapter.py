"""A transport for requests that connects only where the guard allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.cookies import extract_cookies_to_jar, get_cookie_header
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from scans.engine.dns.lookup import shared_resolver
from scans.engine.errors import FailureReason, ScanError
from scans.engine.guard import AddressGuard
from scans.engine.limits import FetchSettings, Limits
from scans.engine.resolver import Directory, Resolver, Target
from scans.engine.session.budget import Budget
from scans.engine.session.responses import LenientResponse, receive
from scans.engine.session.sockets import BudgetedSocket, dial, tls_context

# No server accepts more cookies than this; one that sets more is suspicious.
LONGEST_COOKIE_HEADER = 16_384
WEB_PORTS = frozenset({80, 443})

Dialler = Callable[[str, str, int], BudgetedSocket]


class Gate:
    """Open every connection of a scan after checking the port and all resolved addresses.

    A host is resolved once, and all its connections go to the checked addresses, so DNS rebinding
    is impossible.
    """

    def __init__(
        self,
        settings: FetchSettings,
        limits: Limits,
        budget: Budget,
        resolver: Resolver | None = None,
    ) -> None:
        self.budget = budget
        # Host -> the address last connected to.
        self.addresses: dict[str, str] = {}
        # A port the user named with the domain.
        self.own_port: int | None = None
        self._limits = limits
        self._guard = AddressGuard(settings.allowed_networks)
        self._map_guard = AddressGuard(settings.allowed_networks + settings.mapped_networks)
        resolver = resolver or shared_resolver(settings.dns_servers)
        self._directory = Directory(settings.host_map, resolver)
        self._targets: dict[tuple[str, str, int], Target] = {}
        self._allow_any_port = settings.allow_any_port

    def locate(self, scheme: str, host: str, port: int) -> Target:
        """Return the checked target of a host; raise ScanError if it may not be scanned."""
        key = (scheme, host, port)
        if key not in self._targets:
            self._check_port(port)
            timeout = self._limits.connect_timeout
            target = self._directory.locate(scheme, host, port, self.budget, timeout)
            guard = self._map_guard if target.mapped else self._guard
            guard.check(host, target.addresses)
            self._targets[key] = target
        return self._targets[key]

    def open(self, scheme: str, host: str, port: int) -> BudgetedSocket:
        """Connect to a host within the budget."""
        target = self.locate(scheme, host, port)
        timeout = self._limits.connect_timeout
        sock, address = dial(host, target.addresses, target.port, timeout, self.budget)
        self.addresses[host] = address
        return sock

    def adopt(self, sock: Any) -> None:
        """Make a connected socket read within the budget."""
        sock.budget = self.budget
        sock.read_timeout = self._limits.read_timeout
        self.budget.stop.watch(sock)  # a TLS socket is another object than the one that connected

    def _check_port(self, port: int) -> None:
        if port in WEB_PORTS or (self._allow_any_port and port == self.own_port):
            return
        raise ScanError(
            FailureReason.BLOCKED_ADDRESS,
            f"Port {port} may not be scanned: only 80 and 443 are, and a port given with the domain"
            " where SCAN_ALLOW_ANY_PORT is on.",
        )


class _GatedConnection(HTTPConnection):
    response_class = LenientResponse

    def __init__(self, *args: Any, gate: Gate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gate = gate

    def _new_conn(self) -> BudgetedSocket:
        return self._gate.open("http", self.host, self.port)

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as in urllib3
        return receive(self)

    def connect(self) -> None:
        super().connect()
        self._gate.adopt(self.sock)


class _GatedTLSConnection(HTTPSConnection):
    response_class = LenientResponse

    def __init__(self, *args: Any, gate: Gate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gate = gate

    def _new_conn(self) -> BudgetedSocket:
        sock = self._gate.open("https", self.host, self.port)
        # One time-out limits the whole handshake: CPython's OpenSSL loop counts it down.
        sock.settimeout(min(sock.gettimeout() or 0.0, self._gate.budget.request_left()))
        return sock

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as in urllib3
        return receive(self)

    def connect(self) -> None:
        try:
            super().connect()
        except TimeoutError as error:
            sentence = f"{self.host} did not complete the TLS handshake in time."
            raise ScanError(FailureReason.CONNECTION_TIMEOUT, sentence) from error
        self._gate.adopt(self.sock)


class _GatedPool(HTTPConnectionPool):
    ConnectionCls = _GatedConnection


class _GatedTLSPool(HTTPSConnectionPool):
    ConnectionCls = _GatedTLSConnection


class GatedAdapter(HTTPAdapter):
    """Send requests through one persistent connection per host, opened by the gate."""

    def __init__(self, gate: Gate, ca_file: str = "") -> None:
        super().__init__(max_retries=0)
        self._gate = gate
        self._ca_file = ca_file
        self._pools: dict[tuple[str, str, int], HTTPConnectionPool] = {}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> HTTPConnectionPool:
        """Return the pool of the request's origin; proxies and client certificates are not used."""
        parts = urlsplit(request.url or "")
        scheme, host = str(parts.scheme), str(parts.hostname)
        port = parts.port or (443 if scheme == "https" else 80)
        key = (scheme, host, port)
        if key not in self._pools:
            self._pools[key] = self._pool(scheme, host, port)
        return self._pools[key]

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Return the request target: the path, because there is no proxy."""
        parts = urlsplit(request.url or "")
        path = str(parts.path) or "/"
        return f"{path}?{parts.query}" if parts.query else path

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Return the response without the cookies and encoding that requests would add."""
        response = requests.Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw = resp
        response.url = req.url or ""
        response.request = req
        return response

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the pool's TLS context already has the trusted certificates."""

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

    def _pool(self, scheme: str, host: str, port: int) -> HTTPConnectionPool:
        if scheme == "https":
            context = tls_context(self._ca_file)
            return _GatedTLSPool(host, port, maxsize=1, ssl_context=context, gate=self._gate)
        return _GatedPool(host, port, maxsize=1, gate=self._gate)


class GatedSession(requests.Session):
    """A session without proxies, netrc or any way around the gate.

    It sends GET requests for normalised URLs and leaves redirects to its caller, which saves over a
    third of the time that requests needs per request.
    """

    def __init__(self, gate: Gate, settings: FetchSettings) -> None:
        super().__init__()
        self.trust_env = False
        self._our_headers = {
            "User-Agent": settings.user_agent,
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Encoding": "gzip, deflate, br",
            "Accept-Language": "en,*;q=0.5",
        }
        self.adapters.clear()
        self._adapter = GatedAdapter(gate, settings.ca_file)
        self.mount("https://", self._adapter)
        self.mount("http://", self._adapter)

    def ask(self, url: str, timeout: float) -> requests.Response:
        """Send one GET request; return the response, its body unread, redirects not followed."""
        request = requests.PreparedRequest()
        request.method, request.url = "GET", url
        request.headers = CaseInsensitiveDict(self._our_headers)
        if len(self.cookies):
            cookies = get_cookie_header(self.cookies, request)
            if cookies and len(cookies) <= LONGEST_COOKIE_HEADER:
                request.headers["Cookie"] = cookies
        response = self._adapter.send(request, stream=True, timeout=timeout)
        if "Set-Cookie" in response.headers:
            extract_cookies_to_jar(self.cookies, request, response.raw)
        return response
