"""Add selected domains to a saved list or remove them; importing registers both operations."""

from django.http import QueryDict

from scans.bulk.models import Result
from scans.bulk.operations import Chunk, Operation, Params, count_of, register
from scans.domain_lists.services import (
    add_domains,
    ensure_list,
    find_by_name,
    read_name,
    remove_domains,
)
from scans.lists import DOMAINS
from scrapersky.tenants.models import Tenant
from scrapersky.web.regional import grouped
from scrapersky.web.slices import Refused


def _read(sent: QueryDict) -> Params:
    return {"saved_list": read_name(sent.get("saved_list", ""))}


def _add(chunk: Chunk) -> Result:
    row = ensure_list(
        tenant=Tenant.objects.get(pk=chunk.rows[0].tenant_id),
        created_by=chunk.user,
        name=chunk.params["saved_list"],
    )
    return _counts(add_domains(row, chunk.query, user=chunk.user), chunk)


def _remove(chunk: Chunk) -> Result:
    name = chunk.params["saved_list"]
    row = find_by_name(chunk.rows[0].tenant_id, name)
    if row is None:
        raise Refused(f"There is no list named “{name}”.")
    return _counts(remove_domains(row, chunk.query), chunk)


def _counts(changed: int, chunk: Chunk) -> Result:
    return {"changed": changed, "same": len(chunk.rows) - changed}


def _added(result: Result, params: Params) -> str:
    rows = count_of(result.get("changed", 0), "domain")
    same = result.get("same", 0)
    rest = f" {grouped(same)} {'was' if same == 1 else 'were'} in it already." if same else ""
    return f"{rows} added to the list “{params['saved_list']}”.{rest}"


def _removed(result: Result, params: Params) -> str:
    rows = count_of(result.get("changed", 0), "domain")
    same = result.get("same", 0)
    rest = f" {grouped(same)} {'was' if same == 1 else 'were'} not in it." if same else ""
    return f"{rows} removed from the list “{params['saved_list']}”.{rest}"


register(
    Operation(
        name="add_to_list",
        list_name=DOMAINS.name,
        doing="Adding domains to a list",
        read=_read,
        apply=_add,
        sentence=_added,
    )
)
register(
    Operation(
        name="remove_from_list",
        list_name=DOMAINS.name,
        doing="Removing domains from a list",
        read=_read,
        apply=_remove,
        sentence=_removed,
    )
)
