"""Check a list before scanning it: which domains are new, known, repeated or rejected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from batches.skipping import Skips, last_scans
from scans.engine.lists.collection import AcceptedLine, ParsedList, RejectedLine
from scrapersky.tenants.models import Tenant

# Rows shown per group; the download has all of them.
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Known:
    """A domain of the list that the tenant already has: its line and the time of its last scan."""

    host: str
    line: int
    scanned_at: datetime | None


@dataclass(frozen=True, slots=True)
class Check:
    """A list in groups; rejected and repeated lines are limited to the first 1,000, with counts."""

    fresh: Sequence[AcceptedLine]
    recent: Sequence[Known]
    older: Sequence[Known]
    repeated: Sequence[AcceptedLine]
    repeated_count: int
    rejected: Sequence[RejectedLine]
    rejected_count: int


def check_list(parsed: ParsedList, *, tenant: Tenant, days: int, now: datetime) -> Check:
    """Group the domains of a list by what the tenant knows about them.

    `recent` domains were scanned within `days`; the other known ones are `older`.
    """
    known = last_scans(parsed.hosts, tenant)
    are_recent = Skips(recent=True, days=days)
    fresh: list[AcceptedLine] = []
    recent: list[Known] = []
    older: list[Known] = []
    for line in parsed.accepted:
        if line.host not in known:
            fresh.append(line)
            continue
        scanned_at = known[line.host]
        group = recent if are_recent.includes(scanned_at, now) else older
        group.append(Known(line.host, line.line, scanned_at))
    return Check(
        fresh,
        recent,
        older,
        parsed.repeated,
        parsed.duplicates,
        parsed.rejected,
        parsed.rejected_count,
    )
