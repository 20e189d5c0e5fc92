"""Count the domains per technology, so that the list of technologies reads few rows."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Max
from django.db.models.functions import Greatest
from django.utils import timezone

from scans import storage
from scans.models import Domain, Technology, TechnologyCount
from scrapersky.tenants.models import Tenant

COLUMNS = ("name", "category", "domain_count")


def count_technologies() -> str:
    """Recount each tenant that had a scan since its last count; return a summary sentence."""
    counted = sum(_count_tenant(tenant) for tenant in Tenant.objects.order_by("pk"))
    return f"Counted the technologies of {counted} tenant{'' if counted == 1 else 's'}."


def count_first(tenant_id: UUID) -> None:
    """Count a tenant that has none counted, so that its first scans are listed at once."""
    if not TechnologyCount.objects.filter(tenant=tenant_id).exists():
        _count_tenant(Tenant(pk=tenant_id))


def add_domains(tenant_id: UUID, name: str, category: str, number: int) -> None:
    """Adjust the count of a technology until the next recount.

    Tenants that have never been counted are skipped.
    """
    counts = TechnologyCount.objects.filter(tenant=tenant_id)
    changed = counts.filter(name=name).update(domain_count=Greatest(F("domain_count") + number, 0))
    counts.filter(name=name, domain_count=0).delete()
    last = counts.aggregate(at=Max("counted_at"))["at"]
    if number > 0 and last and not changed:
        TechnologyCount.objects.create(
            tenant_id=tenant_id,
            name=name,
            category=category,
            domain_count=number,
            counted_at=last,
        )


def _count_tenant(tenant: Tenant) -> bool:
    last = TechnologyCount.objects.filter(tenant=tenant).aggregate(at=Max("counted_at"))["at"]
    now = timezone.now()
    if last and not Domain.objects.filter(tenant=tenant, last_scanned_at__gte=last).exists():
        return False
    rows = Technology.objects.visible().filter(tenant=tenant, gone_at=None).order_by()
    by_name = rows.values("name").annotate(group=Max("category"), domains=Count("pk"))
    _store(tenant, list(by_name.values_list("name", "group", "domains")), now)
    return True


def _store(tenant: Tenant, rows: list[tuple[str, str, int]], now: datetime) -> None:
    with transaction.atomic():
        storage.upsert(
            TechnologyCount,
            COLUMNS,
            rows,
            key=["tenant_id", "name"],
            update=["category", "domain_count", "counted_at"],
            constants={"tenant_id": tenant.pk, "counted_at": now},
        )
        TechnologyCount.objects.filter(tenant=tenant, counted_at__lt=now).delete()
