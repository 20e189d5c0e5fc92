"""Import hosts into a saved list: show what would change, then apply it in chunks.

Applying is a bulk action: a killed process neither loses nor repeats a chunk, and adding or
removing a domain twice has no effect.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from scans import storage
from scans.bulk import running
from scans.bulk.models import BulkAction, Progress, Result
from scans.bulk.operations import Operation, Params, count_of, register
from scans.domain_lists import services
from scans.domain_lists.models import DomainList, ListedDomain, ListImport
from scans.engine.lists.collection import ParsedList
from scans.lists import LISTS
from scrapersky.tenants.access import writable
from scrapersky.tenants.models import User
from scrapersky.web.regional import grouped

KEPT = timedelta(days=14)
# Hosts shown per group; the download has all of them.
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """What an import would change; `removed` applies only if the list is replaced."""

    added: Sequence[str]
    present: Sequence[str]
    removed: Sequence[str]
    removed_count: int


def prepare(row: DomainList, parsed: ParsedList, *, user: User, source: str) -> ListImport:
    """Store the parsed list until the user applies it."""
    waiting = ListImport(
        tenant_id=row.tenant_id, domain_list=row, created_by=user, source=source[:200]
    )
    waiting.write(parsed)
    waiting.save(force_insert=True)
    return waiting


def difference(waiting: ListImport) -> Difference:
    """Compare an import with the current list; of `removed` only the first few are returned."""
    known = set(_present(waiting))
    count = ListedDomain.objects.filter(domain_list=waiting.domain_list_id).count()
    return Difference(
        [host for host in waiting.hosts if host not in known],
        [host for host in waiting.hosts if host in known],
        list(islice(removed_hosts(waiting), SHOWN)),
        count - len(known),
    )


def _present(waiting: ListImport) -> Iterator[str]:
    listed = _hosts_in(waiting)
    for start in range(0, len(waiting.hosts), services.CHUNK):
        yield from listed.filter(
            host__in=storage.among(waiting.hosts[start : start + services.CHUNK])
        )


def removed_hosts(waiting: ListImport) -> Iterator[str]:
    """Yield the hosts in the list that are not in the import, sorted."""
    kept = set(waiting.hosts)
    hosts = _hosts_in(waiting).order_by("host").iterator(services.CHUNK)
    return (host for host in hosts if host not in kept)


def _hosts_in(waiting: ListImport) -> QuerySet:
    domains = services.domains_of(waiting.domain_list_id)
    return domains.order_by().values_list("host", flat=True)


def start_import(waiting: ListImport, *, replaces: bool, user: User) -> BulkAction:
    """Apply an import, in the background if it is large; return the bulk action."""
    count = waiting.domain_list.domain_count
    action = BulkAction.objects.create(
        tenant_id=waiting.tenant_id,
        created_by=user,
        list_name=LISTS.name,
        operation="import",
        params={"import": str(waiting.pk), "replaces": replaces, "name": str(waiting.domain_list)},
        total=waiting.host_count + (count if replaces else 0),
    )
    running.run_at_once([action])
    return action


def _advance(action: BulkAction, user: User) -> Progress:
    """Add the next hosts; once all are added, remove the others if the list is replaced.

    The position is `+N` while hosts are added (N so far), then `-HOST`, the last host checked.
    """
    rows = ListImport.objects.filter(pk=UUID(action.params["import"]), tenant=action.tenant_id)
    waiting = writable(rows, user).select_related("domain_list__tenant").first()
    if waiting is None:
        raise running.Refused("The import or its list was deleted.")
    position = action.cursor or "+0"
    if position.startswith("+"):
        progress = _add(waiting, int(position[1:]), user, replaces=action.params["replaces"])
    else:
        progress = _remove(waiting, position[1:])
    if progress.is_last:
        waiting.delete()
    return progress


def _add(waiting: ListImport, done: int, user: User, *, replaces: bool) -> Progress:
    hosts = waiting.hosts[done : done + services.CHUNK]
    try:
        added = services.add_hosts(waiting.domain_list, hosts, user=user)
    except DomainList.DoesNotExist as error:
        raise running.Refused("The list was deleted.") from error
    done += len(hosts)
    result = {"added": added, "present": len(hosts) - added}
    if done < waiting.host_count:
        return Progress(len(hosts), is_last=False, cursor=f"+{done}", result=result)
    return _progress(waiting, len(hosts), is_last=not replaces, cursor="-", result=result)


def _remove(waiting: ListImport, after: str) -> Progress:
    row, kept = waiting.domain_list, set(waiting.hosts)
    hosts, removed = services.remove_some_others(row, kept, after)
    is_last = len(hosts) < services.CHUNK
    cursor = "" if is_last else f"-{hosts[-1]}"
    result = {"removed": removed}
    return _progress(waiting, len(hosts), is_last=is_last, cursor=cursor, result=result)


def _progress(
    waiting: ListImport, rows: int, *, is_last: bool, cursor: str, result: Result
) -> Progress:
    if is_last:
        result = result | {"lists": [str(waiting.domain_list_id)]}
    return Progress(rows, is_last, cursor, result)


def _imported(result: Result, params: Params) -> str:
    parts = [f"{count_of(result.get('added', 0), 'domain')} added to the list “{params['name']}”"]
    if present := result.get("present", 0):
        parts.append(f"{grouped(present)} {'was' if present == 1 else 'were'} in it already")
    if params["replaces"]:
        parts.append(f"{grouped(result.get('removed', 0))} removed")
    return f"{'; '.join(parts)}."


def _list_page(result: Result) -> str:
    lists = result.get("lists", ())
    return reverse("saved_list", args=lists) if lists else reverse("saved_lists")


register(
    Operation(
        name="import",
        list_name=LISTS.name,
        doing="Importing domains into a list",
        sentence=_imported,
        advance=_advance,
        landing=_list_page,
    )
)


def delete_expired() -> None:
    """Delete imports that were not applied within 14 days."""
    ListImport.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
