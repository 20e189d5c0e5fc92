"""One request and its response."""

import re
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import requests
import urllib3

from scans.engine.errors import FailureReason, ScanError
from scans.engine.links import resolve_url
from scans.engine.report import RequestRecord

READABLE = frozenset(urllib3.HTTPResponse.CONTENT_DECODERS)
PACKINGS = READABLE | {"br", "zstd", "compress", "x-compress"}
UNREADABLE = PACKINGS - READABLE
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})


@dataclass(slots=True)
class Exchange:
    """A request in progress, and its record."""

    url: str
    attempt: int
    at: float
    started: float = field(default_factory=time.monotonic)
    response: requests.Response | None = None
    error: str = ""

    @property
    def answer(self) -> requests.Response:
        assert self.response is not None  # noqa: S101  (set before an exchange is handed out)
        return self.response

    def record(self) -> RequestRecord:
        ms = round((time.monotonic() - self.started) * 1000)
        status, size = 0, 0
        if self.response is not None:
            status, size = self.response.status_code, self.response.raw.tell()
        return RequestRecord(self.url, status, size, ms, self.attempt, self.at, self.error)


def redirect_target(answer: requests.Response, url: str) -> str:
    """Return the target of a redirect, or an empty string; raise ScanError for an invalid one."""
    if answer.status_code not in REDIRECT_STATUSES:
        return ""
    targets = {_target(location, url) for location in answer.raw.headers.getlist("location")}
    if len(targets) > 1:
        sentence = f"The site redirects to several addresses at once: {', '.join(sorted(targets))}"
        raise ScanError(FailureReason.HTTP_ERROR, sentence[:300], url=url)
    return next(iter(targets), "")


def _target(location: str, url: str) -> str:
    # http.client reads headers as Latin-1; servers send UTF-8.
    text = location.encode("latin-1", "replace").decode("utf-8", "replace").strip()
    target = resolve_url(text, url)
    if target is None:
        raise _unusable_redirect(text, url)
    return target


def _unusable_redirect(text: str, url: str) -> ScanError:
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() not in ("http", "https"):
        sentence = f"The site redirects to a {scheme[1][:20]} URL, which is not allowed."
        return ScanError(FailureReason.BLOCKED_ADDRESS, sentence, url=url)
    sentence = f"The site redirects to an invalid URL: {text[:200]}"
    return ScanError(FailureReason.HTTP_ERROR, sentence, url=url)


def check_encoding(answer: requests.Response) -> None:
    """Raise ScanError for a compression that was not requested, or that is nested.

    A few kilobytes compressed twice expand to gigabytes that never appear in the output.
    """
    named = [name.strip() for name in answer.headers.get("Content-Encoding", "").lower().split(",")]
    packings = [name for name in named if name in PACKINGS]
    if len(packings) > 1 or UNREADABLE.intersection(packings):
        sentence = (
            f"The response is compressed as {', '.join(packings[:5])}, which was not requested."
        )
        raise ScanError(FailureReason.UNSUPPORTED_CONTENT, sentence)


def retry_after(value: str) -> float | None:
    """Return the seconds in a Retry-After header (RFC 9110, 10.2.3), or None."""
    if value.strip().isdigit():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None
