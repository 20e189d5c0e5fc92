"""Limit the request rate to a site by the configured gap and its Retry-After."""

import time

import requests

from scans.engine.errors import FailureReason, ScanError
from scans.engine.session.budget import Budget
from scans.engine.session.exchange import retry_after

RETRY_STATUSES = frozenset({429, 500, 502, 503, 504})
# Seconds before the first retry; doubled for each further one.
BACKOFF = 0.5
# Longest Retry-After that is waited for, unless half of the remaining time is less.
LONGEST_REST = 20.0


class Throttle:
    """Keep a gap between requests to a site, and honour its Retry-After."""

    def __init__(self, budget: Budget, gap: float) -> None:
        # Seconds between the end of one request and the start of the next.
        self.gap = gap
        self._budget = budget
        self._quiet_since = 0.0
        self._rest_until = 0.0

    def wait(self, url: str) -> None:
        """Wait until the next request is allowed; raise ScanError if that takes too long."""
        now = time.monotonic()
        rest = self._rest_until - now
        if rest > self._bearable_rest():
            sentence = f"The site asks for a pause of {rest:.0f} s (Retry-After)."
            raise ScanError(FailureReason.HTTP_ERROR, sentence, url=url)
        gap = self._quiet_since + self.gap - now if self._quiet_since else 0.0
        if (pause := max(rest, gap)) > 0:
            self._budget.sleep(pause)

    def back_off(self, attempt: int) -> None:
        """Wait before the next attempt."""
        self._budget.sleep(BACKOFF * 2 ** (attempt - 1))

    def note_answer(self, answer: requests.Response) -> None:
        """Remember the pause that a response asks for."""
        if answer.status_code in RETRY_STATUSES:
            seconds = retry_after(answer.headers.get("Retry-After", "")) or 0.0
            self._rest_until = time.monotonic() + seconds

    def note_end(self) -> None:
        """Remember that a request has ended now."""
        self._quiet_since = time.monotonic()

    def may_ask_again(self, answer: requests.Response) -> bool:
        """Return whether a retry may help and the pause requested by the site is acceptable."""
        rest = self._rest_until - time.monotonic()
        return answer.status_code in RETRY_STATUSES and rest <= self._bearable_rest()

    def _bearable_rest(self) -> float:
        return min(LONGEST_REST, self._budget.remaining() / 2)
