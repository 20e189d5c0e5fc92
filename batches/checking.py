"""Check a list before its first request: which domains are new, known, repeated or rejected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from batches.skipping import Skips, last_scans
from scans.engine.lists.collection import AcceptedLine, ParsedList, RejectedLine
from scrapersky.tenants.models import Tenant

# Rows of each group that a page shows; the download has all of them.
SHOWN = 50


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


def check_list(parsed: ParsedList, *, tenant: Tenant, days: int, now: datetime) -> Check:
    """Sort the domains of a list by what the tenant knows of them.

    `recent` were scanned within `days`. The others that the tenant knows are `older`.
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
