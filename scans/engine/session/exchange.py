"""One request and its answer, as plain as requests leaves them."""

import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import requests
import urllib3

from scans.engine.errors import FailureReason, ScanError
from scans.engine.links import resolve_url
from scans.engine.report import RequestRecord

UNREADABLE_ENCODINGS = {"br", "zstd", "compress", "x-compress"} - {
    *urllib3.HTTPResponse.CONTENT_DECODERS
}
"""Packings that exist but cannot be unpacked here; we never say that we take them."""
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})


@dataclass(slots=True)
class Exchange:
    """A request on its way, and the line it will leave on the receipt."""

    url: str
    attempt: int
    at: float
    began: float = field(default_factory=time.monotonic)
    response: requests.Response | None = None
    error: str = ""

    @property
    def answer(self) -> requests.Response:
        assert self.response is not None  # noqa: S101  (set before an exchange is handed out)
        return self.response

    def record(self) -> RequestRecord:
        ms = round((time.monotonic() - self.began) * 1000)
        status, size = 0, 0
        if self.response is not None:
            status, size = self.response.status_code, self.response.raw.tell()
        return RequestRecord(self.url, status, size, ms, self.attempt, self.at, self.error)


def redirect_target(answer: requests.Response, url: str) -> str:
    """Return where an answer sends us, empty where it does not; raise ScanError for no web page."""
    location = answer.headers.get("Location", "")
    if answer.status_code not in REDIRECT_STATUSES or not location:
        return ""
    # http.client reads headers as Latin-1; servers send UTF-8.
    text = location.encode("latin-1", "replace").decode("utf-8", "replace").strip()
    target = resolve_url(text, url)
    if target is None:
        sentence = f"The site redirects to what is no web address: {text[:200]}"
        raise ScanError(FailureReason.BLOCKED_ADDRESS, sentence, url=url)
    return target


def check_encoding(answer: requests.Response) -> None:
    """Raise ScanError for a body packed in a way that was not asked for and cannot be unpacked."""
    for encoding in answer.headers.get("Content-Encoding", "").lower().split(","):
        if encoding.strip() in UNREADABLE_ENCODINGS:
            sentence = f"The answer is packed as {encoding.strip()}, which was not asked for."
            raise ScanError(FailureReason.UNSUPPORTED_CONTENT, sentence)


def retry_after(value: str) -> float | None:
    """Return the seconds a Retry-After header asks for (RFC 9110, 10.2.3), None without one."""
    if value.strip().isdigit():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None
