"""What can go wrong with a site, each with one sentence for users."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scans.engine.report import RequestRecord


class FailureReason(StrEnum):
    """Why a site could not be scanned.

    `sentence` is for people; `retry_may_help` says whether the same scan, later or slower, has a
    chance of ending otherwise.
    """

    sentence: str
    retry_may_help: bool

    def __new__(cls, value: str, sentence: str, retry_may_help: bool) -> FailureReason:
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        member.retry_may_help = retry_may_help
        return member

    INVALID_DOMAIN = "invalid_domain", "This is not a domain name that can be scanned.", False
    DNS_NOT_FOUND = "dns_not_found", "The domain name does not resolve to an address.", False
    DNS_ERROR = "dns_error", "The name servers did not answer for this domain.", True
    CONNECTION_REFUSED = "connection_refused", "The server refuses connections.", True
    CONNECTION_TIMEOUT = (
        "connection_timeout",
        "The server did not accept a connection in time.",
        True,
    )
    READ_TIMEOUT = (
        "read_timeout",
        "The server accepted the connection but did not answer in time.",
        True,
    )
    DEADLINE_EXCEEDED = (
        "deadline_exceeded",
        "The site took longer than the deadline of one scan.",
        True,
    )
    TLS_ERROR = "tls_error", "The site's certificate or TLS configuration is not valid.", False
    TOO_MANY_REDIRECTS = "too_many_redirects", "The site redirects without end.", False
    BLOCKED_ADDRESS = (
        "blocked_address",
        "The address is private or reserved and may not be scanned.",
        False,
    )
    RESPONSE_TOO_LARGE = (
        "response_too_large",
        "The homepage is larger than the limit for a page.",
        False,
    )
    UNSUPPORTED_CONTENT = "unsupported_content", "The homepage is not a web page.", False
    HTTP_ERROR = "http_error", "The homepage answered with an error.", True
    ROBOTS_DISALLOWED = (
        "robots_disallowed",
        "The site's robots.txt does not allow this scan.",
        False,
    )
    WORKER_LOST = "worker_lost", "The worker died three times while it scanned this site.", True
    CANCELLED = "cancelled", "The scan was cancelled before it ended.", True
    INTERNAL_ERROR = (
        "internal_error",
        "The scanner failed on this site: please report it.",
        True,
    )


class ScanError(Exception):
    """A site that cannot be scanned: the reason, and a sentence with the particulars.

    The engine's one root exception. A page that fails is data in the report; only a failure that
    ends the whole site is raised. `url` is the address that failed, where one did; `requests` is
    the receipt of what was asked before the scan ended this way. `private_address` is the address
    that may not be connected to: an answer of an internal name server, which no sentence names.
    """

    requests: tuple[RequestRecord, ...] = ()

    def __init__(
        self,
        reason: FailureReason,
        sentence: str = "",
        *,
        url: str = "",
        private_address: str = "",
    ) -> None:
        self.reason = reason
        self.sentence = sentence or reason.sentence
        self.url = url
        self.private_address = private_address
        super().__init__(self.sentence)
