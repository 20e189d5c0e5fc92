"""Insert the jobs of hosts, and their domains where these are missing.

The hosts are copied into a temporary table, and one statement each inserts their domains and their
jobs. Domains are inserted in the order of hosts, so that two batches that share some cannot
deadlock; jobs in list order.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Model

from batches.models import Batch, Job
from batches.models.job import host_key
from batches.tenant_limits import take_domains
from scans import storage
from scans.key_checks import keys_checked_at_once
from scans.models import Domain, reversed_host
from scans.services import add_staged_domains, known_domains
from scans.staging import Stage, insert_from
from scrapersky.tenants.models import Tenant, User

KEYS_AT_ONCE = 5_000
JOB_TYPE_OF = {
    "": Job.Type.WEBSITE_SCAN,
    Batch.ProcessorType.DOMAIN_SCAN: Job.Type.WEBSITE_SCAN,
    Batch.ProcessorType.SITEMAP_IMPORT: Job.Type.SITEMAP_IMPORT,
}
# Attributes of new jobs and the columns of the stage with their values.
_JOB = {"id": "job_id", "position": "position", "host": "job_host"}


class Place(NamedTuple):
    """A host, its position in the list, and the id of its job as hex digits."""

    host: str
    position: int
    job_id: str


def add_jobs(
    hosts: Sequence[str],
    *,
    batch: Batch | None,
    tenant: Tenant,
    created_by: User | None,
    options: dict[str, Any] | None = None,
    job_type: str = "",
    first_position: int = 0,
) -> int:
    """Insert a job for each host that has none yet; return how many were added.

    `hosts` are different ones, in list order. Call it in a transaction. Raises `LimitReachedError`
    if the tenant may not submit that many domains today.
    """
    positions = range(first_position, first_position + len(hosts))
    return add_sorted(
        sorted(map(Place, hosts, positions, storage.keys(len(hosts)))),
        batch=batch,
        tenant=tenant,
        created_by=created_by,
        options=options,
        job_type=job_type,
    )


def add_sorted(
    places: Iterable[Place],
    *,
    batch: Batch | None,
    tenant: Tenant,
    created_by: User | None,
    options: dict[str, Any] | None = None,
    job_type: str = "",
) -> int:
    """Like `add_jobs`, for places in the order of hosts, which are read some at a time."""
    constants = {
        "tenant_id": tenant.pk,
        "created_by_id": created_by.pk if created_by else None,
        "batch_id": batch.pk if batch else None,
        "job_type": job_type or JOB_TYPE_OF[batch.processor_type if batch else ""],
        "options": options or {},
    }
    stage = _stage()
    with stage.filled(_rows(places)) as number:
        created = add_staged_domains(stage, tenant=tenant, count=number)
        are_new = created == number
        source, params = (stage.name, []) if are_new else known_domains(stage, tenant)
        # Nobody else can delete domains that this transaction has created or locked.
        with keys_checked_at_once(_parents(tenant, created_by, batch), number):
            added = insert_from(
                f"{source} WHERE true ORDER BY position",
                Job,
                _JOB | {"domain_id": "domain_id" if are_new else "known_id"},
                params=params,
                constants=constants,
            )
    take_domains(tenant, added)
    return added


def _stage() -> Stage:
    columns = {
        "host": (Domain, "host"),
        "position": (Job, "position"),
        "domain_id": (Domain, "id"),
        "reversed_host": (Domain, "reversed_host"),
        "job_id": (Job, "id"),
        "job_host": (Job, "host"),
    }
    return Stage("stage_new_jobs", columns)


def _rows(places: Iterable[Place]) -> Iterator[storage.Row]:
    """Yield the rows of the stage; the ids of domains ascend by host."""
    for (host, position, job_id), pk in zip(places, _endless_keys(), strict=False):
        yield host, position, pk, reversed_host(host), job_id, host_key(host)


def _endless_keys() -> Iterator[str]:
    while True:
        yield from storage.keys(KEYS_AT_ONCE)


def _parents(
    tenant: Tenant, created_by: User | None, batch: Batch | None
) -> dict[type[Model], Collection[UUID]]:
    """Return what new jobs refer to, other than domains."""
    rows = {Tenant: tenant, User: created_by, Batch: batch}
    return {model: [row.pk] for model, row in rows.items() if row is not None}
