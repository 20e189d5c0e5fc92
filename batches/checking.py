"""Check a list before its first request: which domains are new, known, repeated or rejected."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scans import storage
from scans.engine.lists.collection import AcceptedLine, ParsedList, RejectedLine
from scans.models import Domain
from scrapersky.tenants.models import Tenant

# A scan within as many days makes a domain a recent one, unless the user says otherwise.
RECENT_DAYS = 30
# Rows of each group that a page shows; the download has all of them.
SHOWN = 50
_HOSTS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Known:
    """A domain of the list that was scanned before, or only added: its line and its last scan."""

    host: str
    line: int
    scanned_at: datetime | None


@dataclass(frozen=True, slots=True)
class Check:
    """A list by groups. Of rejected and repeated lines there are the first 1,000, and counts."""

    fresh: Sequence[AcceptedLine]
    recent: Sequence[Known]
    older: Sequence[Known]
    repeated: Sequence[AcceptedLine]
    repeated_count: int
    rejected: Sequence[RejectedLine]
    rejected_count: int
    hosts: Sequence[str] = field(repr=False, default=())

    def without(self, *, recent: bool, older: bool) -> list[str]:
        """Return the hosts to scan, in the order of the list, without the groups to skip."""
        skipped = {one.host for one in self.recent if recent} | {
            one.host for one in self.older if older
        }
        return [host for host in self.hosts if host not in skipped]


def check_list(parsed: ParsedList, *, tenant: Tenant, days: int, now: datetime) -> Check:
    """Sort the domains of a list by what the tenant knows of them.

    `recent` were scanned within `days`. The others that the tenant knows are `older`.
    """
    known = dict(_last_scans(parsed.hosts, tenant))
    since = now - timedelta(days=days)
    fresh: list[AcceptedLine] = []
    recent: list[Known] = []
    older: list[Known] = []
    for line in parsed.accepted:
        if line.host not in known:
            fresh.append(line)
            continue
        scanned_at = known[line.host]
        group = recent if scanned_at and scanned_at >= since else older
        group.append(Known(line.host, line.line, scanned_at))
    return Check(
        fresh,
        recent,
        older,
        parsed.repeated,
        parsed.duplicates,
        parsed.rejected,
        parsed.rejected_count,
        parsed.hosts,
    )


def _last_scans(hosts: Sequence[str], tenant: Tenant) -> Iterator[tuple[str, datetime | None]]:
    for start in range(0, len(hosts), _HOSTS_AT_ONCE):
        some = hosts[start : start + _HOSTS_AT_ONCE]
        rows = Domain.objects.filter(tenant=tenant, host__in=storage.among(some))
        yield from rows.values_list("host", "last_scanned_at")
