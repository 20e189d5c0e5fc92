"""Create batches and jobs: the one write path for forms, API, admin and commands.

Services nest in the caller's transaction and enqueue when the outermost one commits.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from batches.batch_rows import add_rows
from batches.job_creation import add_jobs
from batches.legacy.ids import embedded_uuid
from batches.models import Batch, Job
from batches.options import BatchOptions
from batches.queue import wake_workers
from batches.skipping import ALL_SKIPPED, SKIP_NOTHING, Skips, not_skipped
from batches.tenant_limits import check_batches, check_domains
from scans.engine.hostnames import normalise
from scans.engine.lists.kept_rows import KeptRows
from scans.models import Domain
from scrapersky.tenants.access import readable
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.database_errors import retry_on_conflict
from scrapersky.web.regional import grouped

# Largest batch created in one transaction; for larger ones see batches.large_lists.
MAX_DOMAINS = 100_000
# Maximum length of an id given by a client.
LONGEST_ID = 200


class BatchExistsError(ValueError):
    """The batch id is already taken."""


@retry_on_conflict
def create_batch(
    *,
    tenant: Tenant,
    created_by: User | None,
    domains: Sequence[str],
    options: dict[str, Any] | None = None,
    name: str = "",
    batch_id: UUID | str | None = None,
    processor_type: str = Batch.ProcessorType.DOMAIN_SCAN,
    metadata: dict[str, Any] | None = None,
    rows: KeptRows | None = None,
    skips: Skips = SKIP_NOTHING,
) -> Batch:
    """Create a batch and a job for each domain in one transaction; workers start immediately.

    `domains` are normalised hosts (`scans.engine.hostnames.normalise`), kept in order, without
    duplicates; known ones that `skips` covers are left out. `rows` are the lines of the list with
    all columns. Raises `ValidationError` for no domain, more than 100,000 (or
    MAX_DOMAINS_PER_BATCH, if that is less), bad options or a bad `batch_id`, and `BatchExistsError`
    for one that a batch of the tenant or of `created_by` has. If a batch of others has it, it
    becomes the `public_id` of a batch with another id: so the caller learns nothing about other
    tenants.
    """
    hosts = list(dict.fromkeys(domains))
    most = at_once_limit()
    if not 1 <= len(hosts) <= most:
        raise ValidationError(
            {"domains": f"Give 1 to {grouped(most)} domains; these are {grouped(len(hosts))}."}
        )
    kept = not_skipped(hosts, tenant=tenant, skips=skips, now=timezone.now())
    if not kept:
        raise ValidationError({"domains": ALL_SKIPPED})
    batch = Batch(
        tenant=tenant,
        created_by=created_by,
        name=name.strip(),
        processor_type=processor_type,
        options=BatchOptions.validated(options or {}).as_dict(),
        metadata=(metadata or {}) | skipped_count(len(hosts) - len(kept)),
        list_columns=rows.names if rows else None,
        total=len(kept),
    )
    batch.clean_fields()
    with transaction.atomic():
        insert_batch(batch, batch_id)
        add_jobs(kept, batch=batch, tenant=tenant, created_by=created_by)
        if rows:
            add_rows(rows, batch=batch)
        wake_workers()
    return batch


def skipped_count(count: int) -> dict[str, Any]:
    """Return metadata about the skipped domains for the batch."""
    return {"skipped": count} if count else {}


def at_once_limit() -> int:
    """Return the maximum number of domains of a batch that is created in one transaction."""
    return min(MAX_DOMAINS, settings.MAX_DOMAINS_PER_BATCH)


def insert_batch(batch: Batch, requested: UUID | str | None) -> None:
    """Insert a batch, with the id requested by its client, if any.

    Raises `ValidationError`, also at the tenant's limits, and `BatchExistsError`. Call it in a
    transaction.
    """
    check_batches(batch.tenant)
    check_domains(batch.tenant)
    if requested is not None:
        _settle_id(batch, str(requested))
    _insert(batch)


def _settle_id(batch: Batch, requested: str) -> None:
    """Give a new batch the id requested by its client, as its own id or in addition to it.

    As in the older system, the UUID after a prefix is the id, and the text is stored unchanged. The
    tenant is locked, so that one of two simultaneous requests for the same id is rejected.
    """
    uuid = embedded_uuid(requested)
    if uuid is None or len(requested) > LONGEST_ID:
        raise ValidationError({"batch_id": "Use a UUID, or a prefix and a UUID: batch_<UUID>."})
    Tenant.objects.select_for_update(no_key=True).get(pk=batch.tenant_id)
    rows = Batch.objects.all()
    own = rows.filter(tenant=batch.tenant)
    if batch.created_by:
        own = own | readable(rows, batch.created_by)
    if own.find(requested) is not None:
        raise BatchExistsError(f"A batch with the id {requested} already exists.")
    if rows.filter(pk=uuid).exists():
        batch.legacy_batch_id = str(uuid)
    else:
        batch.id = uuid
        batch.legacy_batch_id = requested if requested != str(uuid) else None


def _insert(batch: Batch) -> None:
    """Insert a batch; use another id if another tenant has just taken the requested one."""
    try:
        with transaction.atomic():
            batch.save(force_insert=True)
    except IntegrityError:
        if not Batch.objects.filter(pk=batch.pk).exists():
            raise
        batch.id, batch.legacy_batch_id = uuid7(), str(batch.pk)
        batch.save(force_insert=True)


@retry_on_conflict
def initiate_scan(
    domain: str | Domain,
    batch: Batch | None = None,
    *,
    tenant: Tenant | None = None,
    created_by: User | None = None,
    options: dict[str, Any] | None = None,
    job_type: str = "",
) -> Job:
    """Create the job of one domain, in a batch or on its own, and wake the workers.

    Outside a batch a domain has at most one active job, which is returned while it waits or runs.
    In a batch the job is added, unless the domain already has one there. `tenant` is required for a
    domain passed as text without a batch. Raises `InvalidDomain` for text that is not a domain, and
    `ValidationError` for invalid options or a batch that has ended.
    """
    host = domain.host if isinstance(domain, Domain) else _host(domain)
    owner = tenant or (batch.tenant if batch else None) or getattr(domain, "tenant", None)
    if owner is None:
        raise ValueError("A scan of a text without a batch needs a tenant.")
    checked = BatchOptions.validated(options).as_dict() if options else {}
    with transaction.atomic():
        added = add_jobs(
            [host],
            batch=batch,
            tenant=owner,
            created_by=created_by,
            options=checked,
            job_type=job_type,
            first_position=batch.total if batch else 0,
        )
        if batch is not None and added:
            batch.grow(added)
        wake_workers()
    jobs = Job.objects.filter(tenant=owner, domain__host=host, batch=batch)
    return jobs.select_related("domain").latest("created_at", "id")


def _host(text: str) -> str:
    return normalise(text, settings.SCAN_ALLOWED_NETWORKS)
