"""Find the addresses of a host: the hosts file, the cache, then the name servers."""

from __future__ import annotations

from functools import lru_cache

import dns.exception
import dns.rdatatype

from scans.engine.dns.cache import Answer, AnswerCache
from scans.engine.dns.pace import Pace
from scans.engine.dns.question import Question
from scans.engine.dns.servers import NameServer, parse_server
from scans.engine.dns.system import (
    HOSTS_FILE,
    LOOPBACK,
    RESOLV_CONF,
    SystemServers,
    WatchedFile,
    read_hosts,
    read_servers,
)
from scans.engine.dns.transport import NO_ANSWER, ask
from scans.engine.errors import FailureReason, ScanError
from scans.engine.session.budget import Budget

# Attempts per host: the first server, then another (or the same again).
ATTEMPTS = 2
# A lookup waits for a slot up to this multiple of its own time-out.
PATIENCE = 3
# Failures that a working server reports: it is neither silent nor overloaded.
ANSWERED = frozenset({"SERVFAIL", "FORMERR", "NOTIMP"})


@lru_cache(maxsize=8)
def shared_resolver(servers: tuple[str, ...] = ()) -> DnsResolver:
    """Return this process's resolver for these name servers, by default the system's.

    All scans share its cache and its limit on parallel lookups.
    """
    return DnsResolver(tuple(parse_server(text) for text in servers))


class DnsResolver:
    """Resolve host names with few parallel lookups and precise failure reasons."""

    def __init__(
        self,
        servers: tuple[NameServer, ...] = (),
        *,
        hosts_file: str = HOSTS_FILE,
        resolv_conf: str = RESOLV_CONF,
        pace: Pace | None = None,
    ) -> None:
        self.pace = pace or Pace()
        self._named_servers = servers
        self._hosts = WatchedFile(hosts_file, read_hosts)
        self._system = WatchedFile(resolv_conf, read_servers)
        self._cache = AnswerCache()
        # Index of the server to ask first; races between threads are harmless.
        self._first = 0

    def resolve(self, host: str, budget: Budget, timeout: float) -> tuple[str, ...]:
        """Return every address of a host, IPv4 first.

        `timeout` is in seconds and excludes waiting for a slot. Raises ScanError dns_not_found if
        the host has no address, and dns_error if the name servers did not answer.
        """
        local = self._local(host)
        if local:
            return tuple(sorted(local, key=lambda address: ":" in address))
        answer = self._cache.get(host)
        if answer is None:
            answer = self._look_up(host, budget, timeout)
            self._cache.keep(host, answer)
        if not answer.addresses:
            raise ScanError(FailureReason.DNS_NOT_FOUND, answer.reason)
        return answer.addresses

    def system_servers(self) -> SystemServers:
        """Return the name servers and search domains of this machine."""
        return self._system.read()

    def _local(self, host: str) -> tuple[str, ...]:
        known = self._hosts.read().get(host)
        if known:
            return known
        return LOOPBACK if host == "localhost" or host.endswith(".localhost") else ()  # RFC 6761

    def _look_up(self, host: str, budget: Budget, timeout: float) -> Answer:
        system = self.system_servers()
        servers = self._named_servers or system.servers
        with self.pace.turn(budget, timeout * PATIENCE) as has_turn:
            if not has_turn:
                sentence = f"The name servers are too slow: {host} could not be looked up in time."
                raise ScanError(FailureReason.DNS_ERROR, sentence)
            answer = Answer((), 0)
            for name in _names(host, system.search):
                answer = self._ask(host, name, servers, budget, timeout)
                if answer.addresses:
                    break
            return answer

    def _ask(
        self,
        host: str,
        name: str,
        servers: tuple[NameServer, ...],
        budget: Budget,
        timeout: float,
    ) -> Answer:
        """Ask up to two servers for a name, for both kinds of address at once."""
        try:
            questions = [Question(name, kind) for kind in (dns.rdatatype.A, dns.rdatatype.AAAA)]
        except (dns.exception.DNSException, UnicodeError):
            return Answer((), 0, f"{host[:80]} is not a valid DNS name.")
        first = self._first
        for attempt in range(ATTEMPTS):
            if attempt:
                budget.sleep(self.pace.pause)
            unanswered = [question for question in questions if not question.is_answered]
            for question in unanswered:
                question.ask_again()
            index = (first + attempt) % len(servers)
            ask(servers[index], unanswered, timeout / ATTEMPTS, budget)
            self._note_outcome(unanswered, index)
            if _is_settled(questions):
                break
        return _answer(host, questions)

    def _note_outcome(self, questions: list[Question], index: int) -> None:
        """Slow down and prefer the next server if this one was silent or refused."""
        if any(question.is_answered or question.failure in ANSWERED for question in questions):
            self.pace.note_answer()
        else:
            self._first = index + 1
            self.pace.note_failure()


def _names(host: str, search: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names to look up; a name without a dot is tried in the search domains first.

    Names with a dot are not: a wildcard in a search domain would give every dead name an address.
    """
    return (host,) if "." in host else (*(f"{host}.{domain}" for domain in search), host)


def _is_settled(questions: list[Question]) -> bool:
    """Return whether no other server need be asked; IPv6 addresses alone do not settle it.

    Many networks have no IPv6, so they are used only as a last resort.
    """
    if questions[0].addresses or any(question.is_missing for question in questions):
        return True
    return all(question.is_answered for question in questions)


def _answer(host: str, questions: list[Question]) -> Answer:
    """Return the servers' answer; raise ScanError dns_error if they gave none."""
    useful = [question for question in questions if question.addresses]
    if useful:
        addresses = dict.fromkeys(address for question in useful for address in question.addresses)
        return Answer(tuple(addresses), min(question.ttl for question in useful))
    missing = [question for question in questions if question.is_missing]
    if missing:
        return Answer((), missing[0].ttl, _why_missing(host, missing[0]))
    failures = [question.failure for question in questions if not question.is_answered]
    if failures:
        raise ScanError(FailureReason.DNS_ERROR, _why(host, failures[0]))
    ttl = min(question.ttl for question in questions)
    return Answer((), ttl, f"{host} does not resolve: the name has no address.")


def _why_missing(host: str, question: Question) -> str:
    if question.aliases:
        target = question.name.to_text(omit_final_dot=True)
        return f"{host} does not resolve: it is an alias of {target}, which does not exist."
    return f"{host} does not resolve: there is no such name."


def _why(host: str, failure: str) -> str:
    if failure == NO_ANSWER:
        return f"The name servers did not answer in time for {host}."
    return f"The name servers returned an error for {host} ({failure})."
