"""The limits of a tenant: batches at once, sites at once, and domains per day.

Superusers set them in the admin; an empty limit means none. Code that creates work calls
`check_batches` and `take_domains` in the same transaction. The runner enforces `max_sites`.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.core.exceptions import ValidationError
from django.db.models import F, Sum

from batches.models import Batch, DailyCount
from scrapersky.tenants.models import Tenant
from scrapersky.web.regional import grouped

SUBMITTED = DailyCount.Measure.SUBMITTED


class LimitReachedError(ValidationError):
    """A limit of the tenant does not allow this work now."""

    def __str__(self) -> str:
        return " ".join(self.messages)


@dataclass(frozen=True, slots=True)
class Usage:
    """A limit of a tenant and its use; `used` is None if it changes too quickly to be shown."""

    label: str
    most: int
    used: int | None = None

    @property
    def is_reached(self) -> bool:
        return self.used is not None and self.used >= self.most


def usage_of(tenant: Tenant) -> list[Usage]:
    """Return the limits of a tenant."""
    rows = []
    if tenant.max_batches is not None:
        rows.append(Usage("Batches at once", tenant.max_batches, _batches_of(tenant)))
    if tenant.max_sites is not None:
        rows.append(Usage("Sites at once", tenant.max_sites))
    if tenant.max_domains_per_day is not None:
        used = _submitted(tenant, _today())
        rows.append(Usage("Domains today (UTC)", tenant.max_domains_per_day, used))
    return rows


def check_batches(tenant: Tenant) -> None:
    """Raise `LimitReachedError` if the tenant may not have another batch at once.

    Locks the tenant, so that batches created simultaneously are all counted.
    """
    if tenant.max_batches is None:
        return
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    used = _batches_of(tenant)
    if used >= tenant.max_batches:
        raise LimitReachedError(
            f"{tenant.name} may have {_count(tenant.max_batches, 'batch', 'batches')} at once, and"
            f" {grouped(used)} {'has' if used == 1 else 'have'} not ended yet. Wait until one ends,"
            " or cancel one."
        )


def check_domains(tenant: Tenant) -> None:
    """Raise `LimitReachedError` if the tenant may submit no more domains today."""
    most = tenant.max_domains_per_day
    if most is not None and (used := _submitted(tenant, _today())) >= most:
        raise _too_many(tenant, most, used, 0)


def take_domains(tenant: Tenant, count: int) -> None:
    """Count domains that become jobs; raise `LimitReachedError` above the daily limit.

    The count stays locked until the transaction ends. It is kept only for tenants with a limit.
    """
    most = tenant.max_domains_per_day
    if most is None or not count:
        return
    today = _today()
    DailyCount.objects.add(today, Counter({(tenant.pk, SUBMITTED.value, ""): count}))
    used = _submitted(tenant, today)
    if used > most:
        raise _too_many(tenant, most, used - count, count)


def return_domains(tenant: Tenant, count: int) -> None:
    """Subtract domains from today's count because their batch never started."""
    if tenant.max_domains_per_day is not None:
        rows = DailyCount.objects.filter(tenant=tenant, day=_today(), measure=SUBMITTED)
        rows.filter(count__gte=count).update(count=F("count") - count)


def _too_many(tenant: Tenant, most: int, used: int, count: int) -> LimitReachedError:
    left = max(most - used, 0)
    these = f" The list has {grouped(count)}." if count else ""
    return LimitReachedError(
        f"{tenant.name} may submit {_count(most, 'domain', 'domains')} a day, and {grouped(left)}"
        f" {'is' if left == 1 else 'are'} left today.{these} The day ends at midnight UTC."
    )


def _count(number: int, one: str, several: str) -> str:
    return f"{grouped(number)} {one if number == 1 else several}"


def _batches_of(tenant: Tenant) -> int:
    return Batch.objects.unfinished().filter(tenant=tenant).count()


def _submitted(tenant: Tenant, day: date) -> int:
    rows = DailyCount.objects.filter(tenant=tenant, day=day, measure=SUBMITTED)
    return int(rows.aggregate(sum=Sum("count"))["sum"] or 0)


def _today() -> date:
    return datetime.now(UTC).date()
