"""Domains through the API."""

from dataclasses import asdict
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from ninja import Router, Schema
from pydantic import Field

from scans.engine.lists.collection import read_values
from scans.models import Domain
from scans.services import queue_for_sitemaps
from scrapersky.tenants.access import current_ids, tenant_for_new_rows, writable
from scrapersky.web.api_auth import caller
from scrapersky.web.api_errors import InputError, Problem, RefusedValue
from scrapersky.web.api_input import RequestBody

MOST = 100_000
IDS_PER_QUERY = 5_000

router = Router()


class SitemapsIn(RequestBody):
    """Domains to queue, by name, by id, or both."""

    domains: list[str] = Field(default=[], max_length=MOST)
    ids: list[UUID] = Field(default=[], max_length=MOST)


class SitemapsQueued(Schema):
    queued: int
    waiting: int = Field(description="Already queued or in progress; they keep their place.")
    unknown: list[str] = Field(description="Names and ids that match no domain you may change.")
    invalid: list[RefusedValue] = Field(description="The first 1,000 entries that are not domains.")
    invalid_count: int


@router.post(
    "/sitemaps",
    response={200: SitemapsQueued, 401: Problem, 403: Problem, 404: Problem, 422: Problem},
)
def queue_sitemaps(request: HttpRequest, payload: SitemapsIn) -> SitemapsQueued:
    """Queue existing domains for sitemap submission.

    They become a batch, oldest first. Returns 404 if none of the domains exists.
    """
    if not payload.domains and not payload.ids:
        raise InputError("domains", "Name at least one domain, or an id of one.")
    user = caller(request)
    read = read_values(payload.domains, allowed_networks=settings.SCAN_ALLOWED_NETWORKS)
    domains = writable(Domain.objects.all(), user)
    in_default_tenant = domains.filter(tenant=tenant_for_new_rows(user))
    answer = SitemapsQueued(
        queued=0,
        waiting=0,
        unknown=[],
        invalid=[RefusedValue(**asdict(line)) for line in read.rejected],
        invalid_count=read.rejected_count,
    )
    answer.unknown += _queue(answer, in_default_tenant, "host", list(read.hosts))
    ids = list(dict.fromkeys(payload.ids))
    for offset in range(0, len(ids), IDS_PER_QUERY):
        unknown = _queue(answer, domains, "pk", ids[offset : offset + IDS_PER_QUERY])
        answer.unknown += _queue_former(answer, domains, unknown)
    if not answer.queued and not answer.waiting:
        raise Http404("There is no such domain.")
    return answer


def _queue(answer: SitemapsQueued, rows: QuerySet[Domain], column: str, keys: list) -> list:
    """Queue the rows whose column matches one of the keys; return the unmatched keys.

    The counts are added to `answer`.
    """
    unknown = []
    for offset in range(0, len(keys), IDS_PER_QUERY):
        some = keys[offset : offset + IDS_PER_QUERY]
        matching = rows.filter(**{f"{column}__in": some})
        known = set(matching.values_list(column, flat=True))
        queueing = queue_for_sitemaps(matching)
        answer.queued += queueing.queued
        answer.waiting += queueing.waiting
        unknown += [key for key in some if key not in known]
    return unknown


def _queue_former(answer: SitemapsQueued, rows: QuerySet[Domain], ids: list[UUID]) -> list[str]:
    """Queue the rows with these ids in the older system; return the unmatched ids."""
    if not ids:
        return []
    current = current_ids(rows, ids)
    _queue(answer, rows, "pk", list(current.values()))
    return [str(pk) for pk in ids if pk not in current]
