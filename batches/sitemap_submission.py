"""Sitemap submission: turn queued domains into batches of sitemap imports.

A domain is in progress exactly while a sitemap import of it waits or runs. It enters that state in
the transaction that creates the job and leaves it when the job's result is flushed. If a job ends
without a result (cancelled, lost, test mode, deleted), housekeeping sets the domain to failed.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from batches.models import Batch, Job
from batches.services import create_batch
from batches.tenant_limits import LimitReachedError
from scans import storage
from scans.engine.hostnames import InvalidDomain, normalise
from scans.models import Domain
from scans.services import lock_domains
from scrapersky.tenants.models import Tenant
from scrapersky.web.regional import grouped

logger = logging.getLogger(__name__)

STATES = Domain.SitemapAnalysis
SETTLED_COLUMNS = ("id", "sitemap_analysis_status", "sitemap_analysis_error", "updated_at")
SETTLE_CHUNK = 1_000
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def submit_queued(*, limit: int | None = None) -> str:
    """Create jobs for the longest-queued domains; return a summary sentence.

    Takes up to `limit` domains (default: SCAN_SITEMAP_SUBMISSIONS), one batch per tenant. Domains
    that cannot be scanned fail with the reason.
    """
    waiting = Domain.objects.filter(sitemap_analysis_status=STATES.QUEUED)
    oldest = waiting.order_by(F("sitemap_queued_at").asc(nulls_first=True), "pk")
    by_tenant: dict[UUID, list[UUID]] = defaultdict(list)
    size = settings.SCAN_SITEMAP_SUBMISSIONS if limit is None else limit
    for pk, tenant_id in oldest[:size].values_list("pk", "tenant_id"):
        by_tenant[tenant_id].append(pk)
    submitted = refused = 0
    for tenant in Tenant.objects.filter(pk__in=by_tenant).order_by("pk"):
        try:
            created, skipped = _submit(tenant, by_tenant[tenant.pk])
        except LimitReachedError as error:
            logger.info("The sitemaps of tenant=%s stay queued: %s", tenant.pk, error)
            continue
        submitted, refused = submitted + created, refused + skipped
    return _summary(submitted, refused)


def _summary(submitted: int, refused: int) -> str:
    if not submitted and not refused:
        return "No domain was queued."
    failed = f", {grouped(refused)} cannot be scanned" if refused else ""
    return f"{grouped(submitted)} domain{'' if submitted == 1 else 's'} submitted{failed}."


def _submit(tenant: Tenant, ids: Sequence[UUID]) -> tuple[int, int]:
    """Create a batch of a tenant's queued domains; return how many are in it and how many are not.

    The domains are locked first, so that two simultaneous runs never take the same domain.
    """
    with transaction.atomic():
        lock_domains(ids)
        domains = list(Domain.objects.filter(pk__in=ids, sitemap_analysis_status=STATES.QUEUED))
        refused = {domain.pk: why for domain in domains if (why := _refusal(domain))}
        _fail(refused)
        good = [domain for domain in domains if domain.pk not in refused]
        if good:
            _make_batch(tenant, sorted(good, key=lambda row: row.sitemap_queued_at or LONG_AGO))
    return len(good), len(refused)


def _refusal(domain: Domain) -> str:
    """Return why a domain cannot be scanned; empty if it can.

    The rules may have changed since it was stored, and the older system stored anything.
    """
    try:
        normalise(domain.host, settings.SCAN_ALLOWED_NETWORKS)
    except InvalidDomain as error:
        return str(error)
    return ""


def _make_batch(tenant: Tenant, domains: list[Domain]) -> None:
    batch = create_batch(
        tenant=tenant,
        created_by=None,
        domains=[domain.host for domain in domains],
        name=f"Sitemap submission of {timezone.now():%Y-%m-%d %H:%M}",
        processor_type=Batch.ProcessorType.SITEMAP_IMPORT,
    )
    Domain.objects.filter(pk__in=[domain.pk for domain in domains]).update(
        sitemap_analysis_status=STATES.PROCESSING, updated_at=Now()
    )
    logger.info("batch=%s submits the sitemaps of %d domains", batch.pk, len(domains))


def mark_in_work(batch: Batch) -> None:
    """Mark domains in progress again when their imports in a batch are retried.

    Called in the transaction of the retry, after the jobs were locked; has no effect on website
    scans.
    """
    if batch.processor_type != Batch.ProcessorType.SITEMAP_IMPORT:
        return
    active = Job.objects.filter(batch=batch, status__in=Job.ACTIVE, domain__isnull=False)
    ids = list(active.values_list("domain", flat=True))
    lock_domains(ids)
    again = Domain.objects.filter(pk__in=ids).exclude(sitemap_analysis_status=STATES.QUEUED)
    again.update(
        sitemap_analysis_status=STATES.PROCESSING, sitemap_analysis_error="", updated_at=Now()
    )


def _fail(reasons: dict[UUID, str]) -> None:
    """Set locked domains to failed, each with its reason."""
    now = timezone.now()
    rows = [(pk, STATES.FAILED, reason, now) for pk, reason in reasons.items()]
    storage.update(Domain, SETTLED_COLUMNS, rows)


def settle_stranded() -> int:
    """Fail domains in progress without a waiting or running import; return how many.

    Checked again under the domains' locks, because a submission or flush may have been under way.
    """
    settled = 0
    while ids := list(_stranded().order_by("pk").values_list("pk", flat=True)[:SETTLE_CHUNK]):
        with transaction.atomic():
            lock_domains(ids)
            idle = list(_stranded().filter(pk__in=ids).values_list("pk", flat=True))
            _fail(_how_imports_ended(idle))
        settled += len(idle)
    if settled:
        logger.warning("settled %d domains whose sitemap import ended without a result", settled)
    return settled


def _stranded() -> QuerySet[Domain]:
    imports = Job.objects.filter(domain=OuterRef("pk"), job_type=Job.Type.SITEMAP_IMPORT)
    in_work = Domain.objects.filter(sitemap_analysis_status=STATES.PROCESSING)
    return in_work.exclude(Exists(imports.filter(status__in=Job.ACTIVE)))


def _how_imports_ended(ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return, per domain, a sentence on how its newest import ended."""
    outcomes = dict.fromkeys(ids, "The import job was deleted.")
    jobs = Job.objects.filter(domain__in=ids, job_type=Job.Type.SITEMAP_IMPORT)
    for pk, error in jobs.order_by("created_at", "pk").values_list("domain", "error"):
        outcomes[pk] = error or "The import stored no results (test mode)."
    return outcomes
