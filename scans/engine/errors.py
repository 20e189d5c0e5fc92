"""The ways in which a scan can fail, each with a sentence for users."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scans.engine.report import RequestRecord


@dataclass(frozen=True, slots=True)
class _Reason:
    """The texts and properties of one failure reason."""

    value: str
    sentence: str
    retry_may_help: bool
    meaning: str
    advice: str = ""
    may_be_own_network: bool = False


class FailureReason(StrEnum):
    """Why a site could not be scanned.

    `sentence` is for users; `retry_may_help` says whether the same scan may succeed later or more
    slowly. `meaning` is the usual cause, and `advice` what may help; `{max_concurrent}` is replaced
    by the label of that batch option. If nearly all sites fail for reasons that
    `may_be_own_network`, the fault is probably on this side.
    """

    sentence: str
    retry_may_help: bool
    meaning: str
    advice: str
    may_be_own_network: bool

    def __new__(cls, facts: _Reason) -> FailureReason:
        member = str.__new__(cls, facts.value)
        member._value_ = facts.value
        member.sentence = facts.sentence
        member.retry_may_help = facts.retry_may_help
        member.meaning = facts.meaning
        member.advice = facts.advice
        member.may_be_own_network = facts.may_be_own_network
        return member

    INVALID_DOMAIN = _Reason(
        "invalid_domain",
        "This is not a domain name that can be scanned.",
        retry_may_help=False,
        meaning="The entry is an e-mail address, a file name or a misspelt domain.",
        advice="Correct it in the list.",
    )
    DNS_NOT_FOUND = _Reason(
        "dns_not_found",
        "The domain name does not resolve to an address.",
        retry_may_help=False,
        meaning="The domain has expired, was never registered or is misspelt.",
        advice="Check the spelling, or remove it from the list.",
        may_be_own_network=True,
    )
    DNS_ERROR = _Reason(
        "dns_error",
        "The name servers did not answer for this domain.",
        retry_may_help=True,
        meaning="The domain's name servers are down, or the resolver here is overloaded.",
        advice="Retry later; if many sites fail like this, lower {max_concurrent}.",
        may_be_own_network=True,
    )
    CONNECTION_REFUSED = _Reason(
        "connection_refused",
        "The server refuses connections.",
        retry_may_help=True,
        meaning="No web server runs there, or a firewall blocks this scanner.",
        advice="Retry later. If the sites share a server, lower {max_concurrent}.",
        may_be_own_network=True,
    )
    CONNECTION_TIMEOUT = _Reason(
        "connection_timeout",
        "The server did not accept a connection in time.",
        retry_may_help=True,
        meaning="The server is off or overloaded, or a firewall drops the connections.",
        advice="Retry later with a lower {max_concurrent}.",
        may_be_own_network=True,
    )
    READ_TIMEOUT = _Reason(
        "read_timeout",
        "The server accepted the connection but did not answer in time.",
        retry_may_help=True,
        meaning="The server is overloaded, or it stalls visitors that look like bots.",
        advice="Retry later with a lower {max_concurrent} or a higher {request_delay}.",
        may_be_own_network=True,
    )
    DEADLINE_EXCEEDED = _Reason(
        "deadline_exceeded",
        "The site took longer than the deadline of one scan.",
        retry_may_help=True,
        meaning="The site is slow, or its robots.txt demands long pauses between requests.",
        advice="Retry with a higher {site_deadline}. A lower {fetch_pages} saves time, too.",
        may_be_own_network=True,
    )
    TLS_ERROR = _Reason(
        "tls_error",
        "The site's certificate or TLS configuration is not valid.",
        retry_may_help=False,
        meaning="The certificate has expired or belongs to another name; visitors see a warning.",
        advice="Only the site's owner can correct this.",
    )
    TOO_MANY_REDIRECTS = _Reason(
        "too_many_redirects",
        "The site redirects without end.",
        retry_may_help=False,
        meaning="The site is misconfigured: its pages redirect to each other.",
        advice="Only the site's owner can correct this.",
    )
    BLOCKED_ADDRESS = _Reason(
        "blocked_address",
        "The address is private or reserved and may not be scanned.",
        retry_may_help=False,
        meaning="The domain points into an internal network, or to nowhere.",
        advice="To scan sites in your own network, ask the operator to allow its addresses.",
    )
    RESPONSE_TOO_LARGE = _Reason(
        "response_too_large",
        "The homepage is larger than the limit for a page.",
        retry_may_help=False,
        meaning="The homepage is a download or an endless stream.",
    )
    UNSUPPORTED_CONTENT = _Reason(
        "unsupported_content",
        "The homepage is not a web page.",
        retry_may_help=False,
        meaning="The domain serves a file, an image or an API.",
    )
    HTTP_ERROR = _Reason(
        "http_error",
        "The homepage returned an error.",
        retry_may_help=True,
        meaning="The site is broken or under maintenance, or it rejects bots (403, 429).",
        advice="Retry later with a higher {request_delay} and a lower {max_concurrent}.",
    )
    ROBOTS_DISALLOWED = _Reason(
        "robots_disallowed",
        "The site's robots.txt does not allow this scan.",
        retry_may_help=False,
        meaning="The owner does not want bots to read the homepage.",
        advice="Ask the owner for permission, or leave the site out.",
    )
    WORKER_LOST = _Reason(
        "worker_lost",
        "The worker died three times while scanning this site.",
        retry_may_help=True,
        meaning="The machine ran out of memory or was restarted, or the site crashes the scanner.",
        advice="Retry with a lower {max_concurrent}, and ask the operator to check the memory.",
    )
    CANCELLED = _Reason(
        "cancelled",
        "The scan was cancelled before it ended.",
        retry_may_help=True,
        meaning="Somebody cancelled the batch or the scan.",
        advice="Retry it whenever you like.",
    )
    INTERNAL_ERROR = _Reason(
        "internal_error",
        "The scanner failed on this site: please report it.",
        retry_may_help=True,
        meaning="The site contains something that the scanner does not expect.",
        advice="Send the operator a link to this job.",
    )


class ScanError(Exception):
    """A site that cannot be scanned: the reason, and a sentence with the details.

    The engine's only root exception. A failed page is data in the report; only failures that end
    the whole scan are raised. `url` is the URL that failed, if any; `requests` are those made
    before. `private_address` is the address that may not be scanned: it comes from an internal name
    server, so no sentence reveals it.
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
