"""Change what is known of domains."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from scans import storage
from scans.models import Domain
from scrapersky.tenants.models import Tenant


def ensure_domains(
    *, tenant: Tenant, hosts: Sequence[str], facts: dict[str, Any] | None = None
) -> dict[str, UUID]:
    """Return the id of every host, in one statement for those that are not there yet.

    `hosts` are normalised; `facts` (column -> value) are written to all of them, found or made.
    Never raises when others do the same at the same time.
    """
    facts = facts or {}
    now = timezone.now()
    rows = [(tenant.pk, host, now, *facts.values()) for host in hosts]
    storage.upsert(
        Domain,
        ("tenant_id", "host", "updated_at", *facts),
        rows,
        key=["tenant_id", "host"],
        update=["updated_at", *facts] if facts else (),
    )
    found = Domain.objects.filter(tenant=tenant, host__in=hosts)
    return dict(found.values_list("host", "pk"))
