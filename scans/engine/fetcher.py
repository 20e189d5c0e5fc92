"""Fetch pages for one scan: politely, within its limits, recording every request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from scans.engine.errors import FailureReason, ScanError
from scans.engine.limits import FetchSettings, Limits
from scans.engine.links import resolve_url
from scans.engine.report import RequestRecord
from scans.engine.resolver import Resolver
from scans.engine.session.adapter import Gate, GatedSession
from scans.engine.session.budget import Budget, Stop
from scans.engine.session.exchange import Exchange, check_encoding, redirect_target
from scans.engine.session.failures import (
    ConnectionDroppedError,
    IncompleteBodyError,
    translate,
)
from scans.engine.session.throttle import Throttle

CHUNK = 65_536
# A body this many times over the limit is considered endless and rejected.
ENDLESS = 4
# Maximum size of a redirect's body that is read so that the connection can be reused.
DRAINED_BYTES = 16_384
NOT_A_PAGE = (
    "image/",
    "video/",
    "audio/",
    "font/",
    "application/zip",
    "application/pdf",
    "application/octet-stream",
)
# Bytes read of a body whose type is not a page: enough to detect a wrong type.
SNIFFED_BYTES = 262_144
# Minimum size of a body that is kept although it was not received completely in time.
WORTH_KEEPING = 512
# The record's error for a body that the server truncated.
INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Response:
    """One response, read up to the limits."""

    # The final URL, after all redirects.
    url: str
    status: int
    # Case-insensitive.
    headers: Mapping[str, str]
    body: bytes
    # Whether the body was not read completely.
    truncated: bool = False
    # Why the body broke off; empty if it is complete or was cut at a limit.
    broken_off: str = ""
    # Every URL requested before the final one.
    redirects: tuple[str, ...] = ()
    # The IP address connected to.
    address: str = ""
    # The cookies set by the site so far in this scan.
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """Return the Content-Type header, or an empty string."""
        return self.headers.get("Content-Type", "")


@dataclass(frozen=True, slots=True)
class Stream:
    """One response whose body is read chunk by chunk."""

    url: str
    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]
    redirects: tuple[str, ...] = ()

    @property
    def final_url(self) -> str:
        """Return the final URL, after all redirects."""
        return self.url


class Fetcher:
    """Fetch the pages of one site, one request at a time.

    Connections are reused, cookies last for the scan, the guard checks every address, and the
    budget ends anything that takes too long. Failures are ScanErrors; an error status is not a
    failure.
    """

    def __init__(
        self,
        settings: FetchSettings | None = None,
        limits: Limits | None = None,
        *,
        resolver: Resolver | None = None,
        stop: Stop | None = None,
    ) -> None:
        self.settings = settings or FetchSettings()
        self.limits = limits or Limits()
        self.budget = Budget(self.limits.site_deadline, stop)
        self.receipt: list[RequestRecord] = []
        self._throttle = Throttle(self.budget, self.limits.request_delay)
        self._gate = Gate(self.settings, self.limits, self.budget, resolver)
        self._session = GatedSession(self._gate, self.settings)
        self._open: Exchange | None = None

    def allow_port(self, port: int) -> None:
        """Allow the port entered with the domain, if the settings permit other ports."""
        self._gate.own_port = port

    def keep_gap(self, seconds: float) -> None:
        """From now on, wait at least this many seconds between requests."""
        self._throttle.gap = max(self._throttle.gap, seconds)

    def resolve(self, scheme: str, host: str, port: int) -> tuple[str, ...]:
        """Return the checked addresses of a host; raise ScanError if it may not be scanned."""
        return self._gate.locate(scheme, host, port).addresses

    def fetch_page(
        self,
        url: str,
        *,
        max_bytes: int | None = None,
        retries: int | None = None,
        cut_endless: bool = False,
        on_redirect: Callable[[str], None] | None = None,
    ) -> Response:
        """Fetch a URL with its redirects and read the body up to the limit.

        Raises ScanError response_too_large for an endless body unless `cut_endless`. `on_redirect`
        is called with each target before it is requested, and may raise.
        """
        exchange, redirects = self._follow(url, retries, on_redirect)
        limit = max_bytes or self.limits.page_bytes
        if exchange.answer.headers.get("Content-Type", "").lower().startswith(NOT_A_PAGE):
            limit, cut_endless = min(limit, SNIFFED_BYTES), True
        try:
            body, truncated, broken_off = self._read(exchange, limit, cut_endless)
        finally:
            self._finish()
        answer = exchange.answer
        return Response(
            url=exchange.url,
            status=answer.status_code,
            headers=answer.headers,
            body=body,
            truncated=truncated,
            broken_off=broken_off,
            redirects=redirects,
            address=self._gate.addresses.get(urlsplit(exchange.url).hostname or "", ""),
            cookies=self._session.cookies.get_dict(),
        )

    def open_stream(
        self,
        url: str,
        *,
        retries: int | None = None,
        on_redirect: Callable[[str], None] | None = None,
    ) -> Stream:
        """Fetch a URL with its redirects; the body is read while the chunks are consumed.

        The next request closes it, so consume the chunks before fetching another URL.
        """
        exchange, redirects = self._follow(url, retries, on_redirect)
        answer = exchange.answer
        chunks = self._chunks(exchange)
        return Stream(exchange.url, answer.status_code, answer.headers, chunks, redirects)

    def drop_connections(self) -> None:
        """Close the connections; the next request opens a new one."""
        self._finish()
        self._session.close()

    def close(self) -> None:
        """Close everything and complete the record of requests."""
        self.drop_connections()

    # One URL, with redirects and retries

    def _follow(
        self, url: str, retries: int | None, on_redirect: Callable[[str], None] | None = None
    ) -> tuple[Exchange, tuple[str, ...]]:
        attempts = 1 + (self.limits.retries if retries is None else retries)
        url = _normal(url)
        redirects: list[str] = []
        while True:
            exchange = self._ask_until_answered(url, attempts)
            target = redirect_target(exchange.answer, url)
            if not target:
                return exchange, tuple(redirects)
            redirects.append(url)
            self._drain(exchange)
            if len(redirects) > self.limits.redirects:
                sentence = f"{len(redirects)} redirects, the last to {target[:200]}."
                raise ScanError(FailureReason.TOO_MANY_REDIRECTS, sentence, url=url)
            if on_redirect is not None:
                on_redirect(target)
            url = target

    def _ask_until_answered(self, url: str, attempts: int) -> Exchange:
        for attempt in range(1, attempts):
            try:
                exchange = self._ask(url, attempt)
            except ConnectionDroppedError:
                pass
            else:
                if not self._throttle.may_ask_again(exchange.answer):
                    return exchange
            self._finish()
            self._throttle.back_off(attempt)
        return self._ask(url, attempts)

    # One request

    def _ask(self, url: str, attempt: int) -> Exchange:
        self._finish()
        self._throttle.wait(url)
        self.budget.begin_request(self.limits.read_timeout * 2)
        at = round(self.budget.elapsed(), 3)
        self._open = exchange = Exchange(url, attempt, at)
        try:
            exchange.response = self._session.ask(url, self.limits.connect_timeout)
        except (
            ScanError,
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            ValueError,
        ) as error:
            raise self._failed(exchange, error) from error
        self._throttle.note_answer(exchange.answer)
        return exchange

    def _failed(self, exchange: Exchange, error: Exception) -> ScanError:
        """Record a failure and return it as a ScanError with its URL."""
        host = urlsplit(exchange.url).hostname or exchange.url[:80]
        if isinstance(error, ScanError):
            failure = error
        else:
            answered = exchange.response is not None
            failure = translate(error, host, self.limits.read_timeout, answered)
        failure.url = exchange.url
        incomplete = isinstance(failure, IncompleteBodyError)
        exchange.error = INCOMPLETE if incomplete else failure.reason.value
        self._finish()
        return failure

    def _finish(self) -> None:
        """End the open request and record it."""
        exchange, self._open = self._open, None
        if exchange is None:
            return
        self.receipt.append(exchange.record())
        self._throttle.note_end()
        if exchange.response is not None:
            exchange.response.close()

    def _drain(self, exchange: Exchange) -> None:
        """Drain a short body so that the connection can be reused, and end the request."""
        raw: Any = exchange.answer.raw
        if raw.length_remaining is not None and raw.length_remaining <= DRAINED_BYTES:
            try:
                raw.drain_conn()
            except ScanError as error:
                raise self._failed(exchange, error) from error
        self._finish()

    # Its body

    def _read(self, exchange: Exchange, limit: int, cut_endless: bool) -> tuple[bytes, bool, str]:
        """Return the body up to the limit, whether it is incomplete, and why it broke off."""
        body = bytearray()
        size = 0
        try:
            for chunk in self._chunks(exchange):
                size += len(chunk)
                body += chunk[: limit - len(body)]
                if size > limit and cut_endless:
                    break
                if size > limit * ENDLESS:
                    raise self._failed(exchange, _too_large(exchange.url, limit))
        except ScanError as error:
            if not _is_worth_keeping(error, size):
                raise
            return bytes(body), True, error.sentence
        return bytes(body), size > limit, ""

    def _chunks(self, exchange: Exchange) -> Iterator[bytes]:
        raw: Any = exchange.answer.raw
        try:
            check_encoding(exchange.answer)
            while chunk := raw.read1(CHUNK, decode_content=True):
                yield chunk
            self._finish()
        except (ScanError, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise self._failed(exchange, error) from error


def _is_worth_keeping(error: ScanError, size: int) -> bool:
    """Return whether a truncated body is still usable as a page."""
    if isinstance(error, IncompleteBodyError):
        return size > 0
    return error.reason is FailureReason.READ_TIMEOUT and size >= WORTH_KEEPING


def _normal(url: str) -> str:
    """Return a URL in the normal form that the guard, the pool and the records all use."""
    normal = resolve_url(url)
    if normal is None:
        sentence = f"{url[:200]} is not the URL of a web page."
        raise ScanError(FailureReason.HTTP_ERROR, sentence, url=url)
    return normal


def _too_large(url: str, limit: int) -> ScanError:
    sentence = f"The body of {url[:200]} is far larger than the limit of {limit:,} bytes."
    return ScanError(FailureReason.RESPONSE_TOO_LARGE, sentence)
