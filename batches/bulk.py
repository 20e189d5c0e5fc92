"""The operations on lists that create or delete work; importing this registers them."""

from django.urls import reverse
from django.utils import timezone

from batches import services
from scans.bulk.models import Result
from scans.bulk.operations import Chunk, Operation, Params, count_of, register
from scans.lists import DOMAINS
from scrapersky.tenants.models import Tenant


def _scan(chunk: Chunk) -> Result:
    batch = services.create_batch(
        tenant=Tenant.objects.get(pk=chunk.rows[0].tenant_id),
        created_by=chunk.user,
        domains=[row.host for row in chunk.rows],
        name=f"Selected domains of {timezone.now():%Y-%m-%d %H:%M}",
    )
    return {"batches": [str(batch.pk)], "domains": batch.total}


def _scanned(result: Result, params: Params) -> str:
    count = result.get("domains", 0)
    return f"{count_of(count, 'domain')} {'is' if count == 1 else 'are'} being scanned."


def _batch_page(result: Result) -> str:
    batches = result.get("batches", ())
    one = len(batches) == 1
    return reverse("batch_detail", args=batches) if one else reverse("batch_list")


register(
    Operation(
        name="scan",
        list_name=DOMAINS.name,
        doing="Creating batches of the selected domains",
        apply=_scan,
        sentence=_scanned,
        chunk=lambda: services.MAX_DOMAINS,
        landing=_batch_page,
    )
)
