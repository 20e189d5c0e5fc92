"""Create, change and delete saved lists.

Lists of any length are changed in chunks, each with its count in one transaction. Locks are taken
in this order: domains, entries, then the list itself.
"""

from collections.abc import Iterator, Sequence, Set
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from scans import storage
from scans.domain_lists.models import NAME_LENGTH, DomainList, ListedDomain
from scans.models import Domain
from scans.services import ensure_domains
from scrapersky.tenants.access import readable
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.database_errors import retry_on_conflict
from scrapersky.web.text import sanitize

# Domains per transaction.
CHUNK = 5_000
SUGGESTED = 500


def read_name(text: str) -> str:
    """Return a list name as stored; raise ValidationError if it is empty or too long."""
    name = " ".join(sanitize(text).split())
    if not name:
        raise ValidationError({"name": "Enter a name for the list."})
    if len(name) > NAME_LENGTH:
        raise ValidationError({"name": f"A name has at most {NAME_LENGTH} characters."})
    return name


def create_list(*, tenant: Tenant, created_by: User | None, name: str) -> DomainList:
    """Create an empty list; raise ValidationError if the name is invalid or taken."""
    row = DomainList(tenant=tenant, created_by=created_by, name=read_name(name))
    return _stored(row)


def rename_list(row: DomainList, name: str) -> DomainList:
    """Rename a list; raise ValidationError if the name is invalid or taken."""
    row.name = read_name(name)
    return _stored(row)


def _stored(row: DomainList) -> DomainList:
    error = ValidationError(
        {"name": f"A list named “{row.name}” already exists. Choose another name."}
    )
    other = find_by_name(row.tenant_id, row.name)
    if other and other.pk != row.pk:
        raise error
    row.updated_at = timezone.now()
    try:
        with transaction.atomic():
            if row._state.adding:
                row.save(force_insert=True)
            else:
                row.save(update_fields=["name", "updated_at"])
    except IntegrityError:  # created by another request at the same time
        raise error from None
    return row


def find_by_name(tenant_id: UUID, name: str) -> DomainList | None:
    """Return a tenant's list by name, ignoring case but preferring an exact match."""
    names = DomainList.objects.filter(tenant=tenant_id).values_list("name", flat=True)
    alike = [other for other in names if other.casefold() == name.casefold()]
    if not alike:
        return None
    exact = name if name in alike else alike[0]
    return DomainList.objects.filter(tenant=tenant_id, name=exact).first()


def ensure_list(*, tenant: Tenant, created_by: User | None, name: str) -> DomainList:
    """Return the tenant's list with this name, creating it if needed."""
    wanted = read_name(name)
    if row := find_by_name(tenant.pk, wanted):
        return row
    try:
        return create_list(tenant=tenant, created_by=created_by, name=wanted)
    except ValidationError:
        if row := find_by_name(tenant.pk, wanted):
            return row
        raise


@retry_on_conflict
def delete_list(row: DomainList) -> None:
    """Delete a list; its domains and their results are kept."""
    entries = ListedDomain.objects.filter(domain_list=row.pk)
    with transaction.atomic():
        entries.delete()
        # From here on nobody adds to it; earlier additions have been committed.
        locked = DomainList.objects.select_for_update().filter(pk=row.pk)
        if locked.exists():
            entries.delete()
            DomainList.objects.filter(pk=row.pk).delete()


def add_hosts(row: DomainList, hosts: Sequence[str], *, user: User | None) -> int:
    """Add hosts to a list; return how many were not in it.

    `hosts` are normalised; unknown ones become domains without a scan. Raises
    DomainList.DoesNotExist if the list was deleted.
    """
    return sum(_add_hosts(row, some, user) for some in _chunks(hosts))


def _chunks(hosts: Sequence[str]) -> Iterator[list[str]]:
    in_order = sorted(set(hosts))
    for start in range(0, len(in_order), CHUNK):
        yield in_order[start : start + CHUNK]


@retry_on_conflict
def _add_hosts(row: DomainList, hosts: Sequence[str], user: User | None) -> int:
    with transaction.atomic():
        ids = ensure_domains(tenant=row.tenant, hosts=hosts)
        return _add(row, list(ids.values()), user)


@retry_on_conflict
def add_domains(row: DomainList, domains: QuerySet[Domain], *, user: User | None) -> int:
    """Add domains of the list's tenant; return how many were not in the list."""
    with transaction.atomic():
        # locked, so that none is deleted before it is listed
        locked = domains.filter(tenant=row.tenant_id).select_for_update(no_key=True, of=("self",))
        return _add(row, list(locked.order_by("pk").values_list("pk", flat=True)), user)


def _add(row: DomainList, ids: Sequence[UUID], user: User | None) -> int:
    constants = {"domain_list_id": row.pk, "created_by_id": user.pk if user else None}
    key = ["domain_id", "domain_list_id"]
    rows = [(pk,) for pk in ids]
    added = storage.upsert(ListedDomain, ("domain_id",), rows, key=key, constants=constants)
    if not _count(row.pk, added):
        raise DomainList.DoesNotExist("The list was deleted.")
    return added


@retry_on_conflict
def remove_domains(row: DomainList, domains: QuerySet[Domain]) -> int:
    """Remove domains from a list; return how many were in it."""
    with transaction.atomic():
        entries = ListedDomain.objects.filter(domain_list=row.pk)
        removed = _delete(entries.filter(domain__in=domains.order_by().values("pk")))
        _count(row.pk, -removed)
        return removed


def remove_hosts(row: DomainList, hosts: Sequence[str]) -> int:
    """Remove hosts from a list; return how many were in it."""
    known = Domain.objects.filter(tenant=row.tenant_id)
    return sum(
        remove_domains(row, known.filter(host__in=storage.among(some))) for some in _chunks(hosts)
    )


def remove_others(row: DomainList, hosts: Sequence[str]) -> int:
    """Remove all hosts from a list except `hosts`; return how many."""
    kept, removed, after = set(hosts), 0, ""
    while True:
        some, count = remove_some_others(row, kept, after)
        removed += count
        if len(some) < CHUNK:
            return removed
        after = some[-1]


def remove_some_others(row: DomainList, kept: Set[str], after: str) -> tuple[list[str], int]:
    """Check the next hosts of a list, in sorted order, and remove those not to be kept.

    Returns the checked hosts (fewer than CHUNK at the end of the list) and how many were removed.
    """
    rows = domains_of(row.pk).filter(host__gt=after)
    hosts = list(rows.order_by("host").values_list("host", flat=True)[:CHUNK])
    return hosts, remove_hosts(row, [host for host in hosts if host not in kept])


def forget_domains(ids: Sequence[UUID]) -> None:
    """Remove domains from every list, in the transaction that deletes them.

    The caller holds the domains' locks.
    """
    entries = ListedDomain.objects.filter(domain__in=ids)
    for pk in sorted(set(entries.order_by().values_list("domain_list", flat=True).distinct())):
        _count(pk, -_delete(entries.filter(domain_list=pk)))


def _delete(entries: QuerySet[ListedDomain]) -> int:
    """Delete entries in the order in which others insert them; return how many."""
    locked = entries.select_for_update(of=("self",)).order_by("domain")
    ids = list(locked.values_list("pk", flat=True))
    return ListedDomain.objects.filter(pk__in=ids).delete()[0]


def _count(pk: UUID, change: int) -> bool:
    """Update a list's count, last in the transaction; return whether the list still exists."""
    rows = DomainList.objects.filter(pk=pk)
    if not change:
        return rows.exists()
    now = timezone.now()
    return bool(rows.update(domain_count=F("domain_count") + change, updated_at=now))


def list_names(user: User) -> list[str]:
    """Return the names of visible lists, as suggestions."""
    names = readable(DomainList.objects.all(), user).order_by("name").values_list("name", flat=True)
    return list(dict.fromkeys(names[:SUGGESTED]))


def domains_of(pk: UUID) -> QuerySet[Domain]:
    """Return the domains of a list, unordered."""
    return Domain.objects.filter(list_entries__domain_list=pk)
