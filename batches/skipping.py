"""Leave domains that the tenant already knows out of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scans import storage
from scans.models import Domain
from scrapersky.tenants.models import Tenant

# Default number of days within which a scan counts as recent.
RECENT_DAYS = 30
MAX_DAYS = 3_650
ALL_SKIPPED = "Every domain of the list is skipped: it is known or was scanned recently."
_HOSTS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Skips:
    """Which known domains to skip: those scanned within `days`, and all others."""

    recent: bool = False
    older: bool = False
    days: int = RECENT_DAYS

    @classmethod
    def of(cls, *, scanned_within: int | None, known: bool) -> "Skips":
        """Return the skips of an API call or command: recently scanned domains, or all known."""
        recent = known or bool(scanned_within)
        return cls(recent, known, scanned_within or RECENT_DAYS)

    def __bool__(self) -> bool:
        return self.recent or self.older

    def includes(self, scanned_at: datetime | None, now: datetime) -> bool:
        """Return whether a known domain with this last scan is skipped."""
        is_recent = scanned_at is not None and scanned_at >= now - timedelta(days=self.days)
        return self.recent if is_recent else self.older


SKIP_NOTHING = Skips()


def last_scans(
    hosts: Sequence[str], tenant: Tenant, *, added_before: datetime | None = None
) -> dict[str, datetime | None]:
    """Return the time of the last scan of each host that the tenant knows."""
    known: dict[str, datetime | None] = {}
    rows = Domain.objects.filter(tenant=tenant)
    if added_before:
        rows = rows.filter(created_at__lt=added_before)
    for start in range(0, len(hosts), _HOSTS_AT_ONCE):
        some = rows.filter(host__in=storage.among(hosts[start : start + _HOSTS_AT_ONCE]))
        known.update(some.values_list("host", "last_scanned_at"))
    return known


def not_skipped(
    hosts: Sequence[str], *, tenant: Tenant, skips: Skips, now: datetime
) -> Sequence[str]:
    """Return the hosts that are not skipped, in order.

    A domain is known if it was added before `now`, so the batch's own additions are not.
    """
    if not skips:
        return hosts
    known = last_scans(hosts, tenant, added_before=now)
    skipped = {host for host, scanned_at in known.items() if skips.includes(scanned_at, now)}
    return [host for host in hosts if host not in skipped]
