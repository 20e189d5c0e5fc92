"""One question to the name servers, and the interpretation of responses (RFC 1035, RFC 2308)."""

from collections.abc import Iterator

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

# Aliases followed from a name; BIND follows 16.
MAX_ALIASES = 16
# Seconds to remember a missing name if the response does not say.
UNSTATED_TTL = 60

_HAS_ANSWER = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)


class Question:
    """A query for the addresses of one kind, A or AAAA, of a name and its aliases."""

    def __init__(self, host: str, kind: dns.rdatatype.RdataType) -> None:
        labels = [label.encode("ascii") for label in host.split(".")]
        self.name = dns.name.Name([*labels, b""])
        self.addresses: tuple[str, ...] = ()
        # Lifetime of the answer in seconds.
        self.ttl = 0
        self.is_answered = False
        # Whether the name does not exist at all, for any kind.
        self.is_missing = False
        # Aliases (CNAME) followed so far; `name` is where the last one leads.
        self.aliases = 0
        # Why the last server gave no answer.
        self.failure = ""
        self._kind = kind
        self._ttls: list[int] = []
        self.query = self._fresh_query()

    @property
    def is_open(self) -> bool:
        """Return whether a response from the server is still outstanding."""
        return not self.is_answered and not self.failure

    def ask_again(self) -> None:
        """Reset for asking another server."""
        self.failure = ""
        self.query = self._fresh_query()

    def read(self, response: dns.message.Message) -> bool:
        """Process a response; return whether to ask again for an alias.

        Recursive servers send an alias with its target; a missing target is queried.
        """
        if response.rcode() not in _HAS_ANSWER:
            self.failure = dns.rcode.to_text(response.rcode())
            return False
        before = self.name
        rrset = self._follow(response)
        if rrset is not None:
            self._settle(tuple(record.address for record in rrset), rrset.ttl)
        elif self.aliases > MAX_ALIASES:
            self._settle((), UNSTATED_TTL)
        elif response.rcode() == dns.rcode.NXDOMAIN:
            self.is_missing = True
            self._settle((), _negative_ttl(response))
        elif self.name == before or _start_of_authority(response) is not None:
            self._settle((), _negative_ttl(response))
        else:
            self.query = self._fresh_query()
            return True
        return False

    def _follow(self, response: dns.message.Message) -> dns.rrset.RRset | None:
        """Follow the aliases in the response; return the addresses at the end."""
        while self.aliases <= MAX_ALIASES:
            result = self._records(response, self._kind)
            if result is not None:
                return result
            alias = self._records(response, dns.rdatatype.CNAME)
            if alias is None:
                return None
            self.aliases += 1
            self._ttls.append(alias.ttl)
            self.name = alias[0].target
        return None

    def _records(
        self, response: dns.message.Message, kind: dns.rdatatype.RdataType
    ) -> dns.rrset.RRset | None:
        try:
            return response.find_rrset(response.answer, self.name, dns.rdataclass.IN, kind)
        except KeyError:
            return None

    def _settle(self, addresses: tuple[str, ...], ttl: int) -> None:
        self.addresses = addresses
        self.ttl = min([ttl, *self._ttls])
        self.is_answered = True

    def _fresh_query(self) -> dns.message.QueryMessage:
        return dns.message.make_query(self.name, self._kind)


def _negative_ttl(response: dns.message.Message) -> int:
    """Return how many seconds to cache a negative answer (RFC 2308, 5)."""
    authority = _start_of_authority(response)
    if authority is None:
        return UNSTATED_TTL
    return min(int(authority.ttl), int(authority[0].minimum))


def _start_of_authority(response: dns.message.Message) -> dns.rrset.RRset | None:
    result: Iterator[dns.rrset.RRset] = (
        rrset for rrset in response.authority if rrset.rdtype == dns.rdatatype.SOA
    )
    return next(result, None)
