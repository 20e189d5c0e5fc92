"""Query one name server by UDP, and by TCP for long responses."""

import socket
import time

import dns.exception
import dns.flags
import dns.message
import dns.query

from scans.engine.dns.question import Question
from scans.engine.dns.servers import NameServer
from scans.engine.session.budget import LOOK_EVERY, Budget

NO_ANSWER = "no answer in time"
# Seconds to wait for the IPv6 answer once the IPv4 answer has arrived.
SECOND_HALF = 0.5
MAX_UDP = 65_535


def ask(server: NameServer, questions: list[Question], seconds: float, budget: Budget) -> None:
    """Send questions to a server together; each is answered or has a `failure` afterwards.

    They share a socket that is connected, so that the system drops packets from others and reports
    a closed port immediately. Raises ScanError only for a cancelled scan or a passed deadline.
    """
    try:
        _Conversation(server, questions, seconds, budget).hold()
    except OSError as error:
        _fail(questions, error.strerror or type(error).__name__)
    _fail(questions, NO_ANSWER)


def _fail(questions: list[Question], failure: str) -> None:
    for question in questions:
        if question.is_open:
            question.failure = failure


class _Conversation:
    def __init__(
        self, server: NameServer, questions: list[Question], seconds: float, budget: Budget
    ) -> None:
        self._server = server
        self._questions = questions
        self._ends = time.monotonic() + seconds
        self._budget = budget

    def hold(self) -> None:
        family, address = _socket_address(self._server)
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect(address)
            for question in self._questions:
                sock.send(question.query.to_wire())
            while any(question.is_open for question in self._questions):
                left = self._ends - time.monotonic()
                if left <= 0 or any(question.is_missing for question in self._questions):
                    return
                self._budget.check()
                sock.settimeout(min(LOOK_EVERY, left))
                try:
                    self._take(sock, sock.recv(MAX_UDP))
                except TimeoutError:
                    continue

    def _take(self, sock: socket.socket, data: bytes) -> None:
        """Read one datagram; drop it unless it answers one of our questions."""
        try:
            response = dns.message.from_wire(data, ignore_trailing=True)
        except dns.exception.DNSException:
            return
        open_questions = (question for question in self._questions if question.is_open)
        question = next((one for one in open_questions if one.query.is_response(response)), None)
        if question is None:
            return
        if response.flags & dns.flags.TC:
            untruncated = self._over_tcp(question)
            if untruncated is None:
                return
            response = untruncated
        if question.read(response):
            sock.send(question.query.to_wire())
        if question.addresses:
            self._ends = min(self._ends, time.monotonic() + SECOND_HALF)

    def _over_tcp(self, question: Question) -> dns.message.Message | None:
        """Repeat a question over TCP after a truncated UDP response."""
        left = max(self._ends - time.monotonic(), 0.001)
        address, port = self._server
        try:
            return dns.query.tcp(question.query, address, timeout=left, port=port)
        except (dns.exception.DNSException, OSError, EOFError) as error:
            question.failure = f"no whole answer over TCP ({type(error).__name__})"
            return None


def _socket_address(server: NameServer) -> tuple[int, tuple[object, ...]]:
    """Return the family and socket address of a server, including its scope (`fe80::1%eth0`)."""
    infos = socket.getaddrinfo(
        server.address, server.port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
    )
    return infos[0][0], infos[0][4]
