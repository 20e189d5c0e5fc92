"""Create, lock and queue domains."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from scans import storage
from scans.key_checks import WORTHWHILE, keys_checked_at_once
from scans.models import Domain, reversed_host
from scans.staging import Stage, insert_from
from scrapersky.tenants.models import Tenant
from scrapersky.web.regional import grouped

CHUNK = 5_000
# Size of the list from which PostgreSQL enters labels of new hosts into their index. Sorting more
# of them at once takes a third of the time; searches read the list until autovacuum empties it.
PENDING_LABELS = "16MB"


def ensure_domains(*, tenant: Tenant, hosts: Sequence[str]) -> dict[str, UUID]:
    """Return the id of every normalised host, and create missing domains in one statement.

    Safe to call concurrently for the same hosts: they are inserted in order, so that transactions
    wait for each other in turn.
    """
    existing = _ids_of(tenant, hosts)
    missing = sorted({*hosts} - existing.keys())
    if not missing:
        return existing
    ids = dict(zip(missing, storage.keys(len(missing)), strict=True))
    with _new_domains(tenant, len(missing)):
        created = storage.insert(
            Domain,
            ("host", "id", "reversed_host"),
            [(host, pk, reversed_host(host)) for host, pk in ids.items()],
            key=["tenant_id", "host"],
            constants={"tenant_id": tenant.pk},
        )
    if created < len(ids):  # some existed, or others created them at the same time
        return existing | _ids_of(tenant, missing)
    return existing | {host: UUID(pk) for host, pk in ids.items()}


def add_staged_domains(stage: Stage, *, tenant: Tenant, count: int) -> int:
    """Create the missing ones of `count` staged domains; return how many were created.

    `stage` has different hosts, with the columns host, reversed_host and domain_id. Domains are
    created in the order of hosts, as by `ensure_domains`, and the others are locked against
    deletion for the rest of the transaction.
    """
    created = _insert_staged(stage, tenant, count)
    while created < count and created + _hold_known(stage, tenant) < count:
        created += _insert_staged(stage, tenant, count)  # for one deleted in between
    return created


def known_domains(stage: Stage, tenant: Tenant) -> tuple[str, list[Any]]:
    """Return a source of staged rows with the column known_id, and its parameters."""
    table = connection.ops.quote_name(Domain._meta.db_table)
    known = f"SELECT id FROM {table} AS known WHERE tenant_id = %s AND known.host = staged.host"
    source = f"(SELECT staged.*, ({known}) AS known_id FROM {stage.name} AS staged) AS staged"
    return source, [Tenant._meta.pk.get_db_prep_value(tenant.pk, connection)]


def _insert_staged(stage: Stage, tenant: Tenant, count: int) -> int:
    source, params = known_domains(stage, tenant)
    with _new_domains(tenant, count):
        return insert_from(
            f"{source} WHERE known_id IS NULL ORDER BY host",
            Domain,
            {"id": "domain_id", "host": "host", "reversed_host": "reversed_host"},
            params=params,
            constants={"tenant_id": tenant.pk},
        )


def _hold_known(stage: Stage, tenant: Tenant) -> int:
    """Lock the domains that were not created as staged, in id order; return how many there are."""
    source, params = known_domains(stage, tenant)
    ids = f"SELECT known_id FROM {source} WHERE known_id <> domain_id"
    statement = f"SELECT count(*) FROM ({ids}) AS known"
    if connection.vendor == "postgresql":  # SQLite has one writer at a time
        table = connection.ops.quote_name(Domain._meta.db_table)
        rows = f"SELECT FROM {table} WHERE id = ANY(ARRAY({ids})) ORDER BY id FOR KEY SHARE"
        statement = f"WITH held AS ({rows}) SELECT count(*) FROM held"
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.fetchone()[0])


@contextmanager
def _new_domains(tenant: Tenant, count: int) -> Iterator[None]:
    """Prepare for many new domains in a block."""
    with keys_checked_at_once({Tenant: [tenant.pk]}, count):
        if count >= WORTHWHILE:
            _sort_more_labels_at_once()
        yield


def _sort_more_labels_at_once() -> None:
    """Apply PENDING_LABELS for the rest of the transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL gin_pending_list_limit = '{PENDING_LABELS}'")


def _ids_of(tenant: Tenant, hosts: Sequence[str]) -> dict[str, UUID]:
    rows = Domain.objects.filter(tenant=tenant, host__in=storage.among(hosts)).order_by()
    return dict(rows.values_list("host", "pk"))


def lock_domains(ids: Iterable[UUID]) -> None:
    """Lock domains in id order for the rest of the transaction.

    All findings on a domain are written under its lock.
    """
    rows: QuerySet = Domain.objects.select_for_update(no_key=True).filter(pk__in=set(ids))
    list(rows.order_by("pk").values_list("pk"))


def hold_tenants(ids: Iterable[UUID]) -> None:
    """Take shared locks on tenants for the rest of the transaction.

    A foreign key check takes the same lock, but only at the end of the transaction.
    """
    if connection.vendor == "postgresql":  # SQLite has one writer at a time
        table = connection.ops.quote_name(Tenant._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id FROM {table} WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE",
                [sorted(set(ids))],
            )


@dataclass(frozen=True, slots=True)
class Queueing:
    """The result of queueing domains for sitemaps."""

    queued: int
    # The number already queued or in progress; they keep their position.
    waiting: int

    @property
    def sentence(self) -> str:
        """Summarise the result in one sentence."""
        if not self.queued and not self.waiting:
            return "Select at least one domain."
        message = f"{grouped(self.queued)} domain{' is' if self.queued == 1 else 's are'} queued"
        if self.waiting:
            verb = "was" if self.waiting == 1 else "were"
            message += f"; {grouped(self.waiting)} {verb} already queued or in progress"
        return f"{message}."


def queue_for_sitemaps(domains: QuerySet[Domain]) -> Queueing:
    """Append domains to the queue for sitemap submission.

    `domains` is a queryset that can be filtered further. It is processed in chunks, each in id
    order, so that a million domains neither hold locks for long nor deadlock with flushes.
    """
    states = Domain.SitemapAnalysis
    existing = queued = 0
    for ids in _ids_in_chunks(domains):
        with transaction.atomic():
            lock_domains(ids)
            rows = Domain.objects.filter(pk__in=ids)
            now = timezone.now()
            queued += rows.exclude(
                sitemap_analysis_status__in=[states.QUEUED, states.PROCESSING]
            ).update(
                sitemap_analysis_status=states.QUEUED,
                sitemap_analysis_error="",
                sitemap_queued_at=now,
                updated_at=now,
            )
        existing += len(ids)
    return Queueing(queued, existing - queued)


def _ids_in_chunks(domains: QuerySet[Domain]) -> Iterator[list[UUID]]:
    rest = domains.order_by("pk").values_list("pk", flat=True)
    ids = list(rest[:CHUNK])
    while ids:
        yield ids
        ids = list(rest.filter(pk__gt=ids[-1])[:CHUNK])
