"""Mark results as wrong, set the correct page type or verdict, and undo either.

Results of one domain change under its lock, which the runner's flushes also take, so that neither
overwrites the other. A mark for a whole tenant is committed first, with the tenant locked against
concurrent flushes; then existing rows are hidden, in chunks of domains.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from scans.corrections.domain_facts import recount_page, refresh_lists
from scans.corrections.models import Correction
from scans.engine.report import Verdict
from scans.filters import PAGE_TYPES
from scans.models import Contact, Domain, Page, Scan, Technology
from scans.services import lock_domains
from scans.technology_counts import add_domains
from scrapersky.tenants.models import Tenant, User

CHUNK = 200
Kind = Correction.Kind


def mark_wrong(
    row: Contact | Technology, *, user: User | None, in_tenant: bool = False
) -> Correction:
    """Hide a contact or technology on its domain, or with `in_tenant` on all domains of the tenant.

    Marking it again changes nothing and returns the same correction.
    """
    is_contact = isinstance(row, Contact)
    domain: Domain = row.domain
    key = {
        "tenant_id": row.tenant_id,
        "domain": None if in_tenant else domain,
        "kind": Kind.CONTACT if is_contact else Kind.TECHNOLOGY,
        "contact_kind": row.kind if isinstance(row, Contact) else "",
        "value": row.value if isinstance(row, Contact) else row.name,
    }
    evidence = (row.page_url if isinstance(row, Contact) else "") or _homepage(domain)
    with transaction.atomic():
        _lock(row.tenant_id, None if in_tenant else domain.pk)
        correction, _ = Correction.objects.get_or_create(
            **key, defaults={"url": evidence, "seen_on": domain, "created_by": user}
        )
        if not in_tenant:
            _write_flags(correction, [domain.pk])
    if in_tenant:
        _write_flags_everywhere(correction)
    return correction


def correct_verdict(domain: Domain, verdict: str, *, user: User | None) -> Correction | None:
    """Replace the scans' verdict by a user's; return None if they agree.

    Setting the last scan's verdict undoes an earlier correction.
    """
    if verdict not in set(Verdict):
        raise ValidationError({"right_value": f"{verdict!r} is not a verdict."})
    with transaction.atomic():
        lock_domains([domain.pk])
        row = Domain.objects.select_related("latest_scan").get(pk=domain.pk)
        corrections = Correction.objects.filter(domain=row, kind=Kind.VERDICT)
        detected = _scanned_verdict(row, corrections.first())
        if verdict == detected:
            _restore_verdicts(row, detected)
            corrections.delete()
            return None
        Domain.objects.filter(pk=row.pk).update(verdict=verdict)
        Scan.objects.filter(domain=row).update(verdict=verdict)
        return _choose(corrections, row, Kind.VERDICT, detected, verdict, _homepage(row), b"", user)


def correct_page_type(page: Page, page_type: str, *, user: User | None) -> Correction | None:
    """Replace the scans' page type by a user's; return None if they agree."""
    if page_type not in PAGE_TYPES:
        raise ValidationError({"right_value": f"{page_type!r} is not a page type."})
    with transaction.atomic():
        lock_domains([page.domain_id])
        row = Page.objects.select_related("domain").get(pk=page.pk)
        corrections = Correction.objects.filter(
            domain=row.domain, kind=Kind.PAGE_TYPE, url_hash=row.url_hash
        )
        earlier = corrections.first()
        detected = earlier.value if earlier else row.page_type
        _write_page_type(row, page_type)
        if page_type == detected:
            corrections.delete()
            return None
        hashed = bytes(row.url_hash)
        return _choose(
            corrections, row.domain, Kind.PAGE_TYPE, detected, page_type, row.url, hashed, user
        )


def undo(correction: Correction) -> None:
    """Restore the scans' result; rows hidden by another correction stay hidden."""
    kind = correction.kind
    if kind in (Kind.CONTACT, Kind.TECHNOLOGY):
        _undo_mark(correction)
        return
    assert correction.domain_id is not None  # noqa: S101 (a database constraint)
    with transaction.atomic():
        lock_domains([correction.domain_id])
        domain = Domain.objects.select_related("latest_scan").get(pk=correction.domain_id)
        if kind == Kind.VERDICT:
            _restore_verdicts(domain, _scanned_verdict(domain, correction))
        else:
            pages = Page.objects.filter(domain=domain, url_hash=bytes(correction.url_hash))
            for page in pages:
                _write_page_type(page, correction.value)
        correction.delete()


def _undo_mark(correction: Correction) -> None:
    pk = correction.pk
    with transaction.atomic():
        _lock(correction.tenant_id, correction.domain_id)
        correction.delete()
        if correction.domain_id:
            _write_flags(correction, [correction.domain_id])
    correction.pk = pk
    if not correction.domain_id:
        _write_flags_everywhere(correction)


def _lock(tenant_id: UUID, domain_id: UUID | None) -> None:
    """Lock the domain, or the tenant against all flushes of its results (`hold_tenants`)."""
    if domain_id:
        lock_domains([domain_id])
    else:
        list(Tenant.objects.select_for_update().filter(pk=tenant_id).values_list("pk"))


def _choose(
    corrections: QuerySet[Correction],
    domain: Domain,
    kind: str,
    value: str,
    right_value: str,
    url: str,
    url_hash: bytes,
    user: User | None,
) -> Correction:
    facts = {"value": value, "right_value": right_value, "created_by": user}
    if corrections.update(**facts):
        return corrections.get()
    return Correction.objects.create(
        tenant_id=domain.tenant_id,
        domain=domain,
        seen_on=domain,
        kind=kind,
        url=url,
        url_hash=url_hash,
        **facts,
    )


def _write_page_type(page: Page, page_type: str) -> None:
    Page.objects.filter(pk=page.pk).update(page_type=page_type)
    if page.gone_at is None:
        recount_page(page.domain_id, page.page_type, page_type)


def _scanned_verdict(domain: Domain, correction: Correction | None) -> str:
    if domain.latest_scan:
        return str(domain.latest_scan.report["verdict"])
    return correction.value if correction else domain.verdict


def _restore_verdicts(domain: Domain, verdict: str) -> None:
    """Restore each scan's own verdict, and set the domain's to this one."""
    Domain.objects.filter(pk=domain.pk).update(verdict=verdict)
    scans = Scan.objects.filter(domain=domain)
    by_statement: dict[str, list[UUID]] = defaultdict(list)
    for pk, of_report in scans.filter(report__verdict__in=Verdict).values_list(
        "pk", "report__verdict"
    ):
        by_statement[of_report].append(pk)
    for of_report, ids in by_statement.items():
        scans.filter(pk__in=ids).update(verdict=of_report)


def _homepage(domain: Domain) -> str:
    return domain.final_url or f"https://{domain.host}/"


# The flags of rows


def _write_flags_everywhere(correction: Correction) -> None:
    """Update the flags of a tenant's rows in chunks of domains, holding no lock for long."""
    for ids in _domains_in_chunks(_rows_of(correction)):
        with transaction.atomic():
            lock_domains(ids)
            _write_flags(correction, ids)


def _domains_in_chunks(rows: QuerySet[Any]) -> Iterator[list[UUID]]:
    rest = rows.order_by("domain_id").values_list("domain_id", flat=True).distinct()
    ids = list(rest[:CHUNK])
    while ids:
        yield ids
        ids = list(rest.filter(domain_id__gt=ids[-1])[:CHUNK])


def _write_flags(correction: Correction, domain_ids: Iterable[UUID]) -> None:
    """Flag exactly the rows with this value that a correction hides; refresh their domains."""
    ids = list(domain_ids)
    rows = _rows_of(correction).filter(domain__in=ids)
    wrong = Exists(_hiding(correction, OuterRef("domain_id")))
    hidden, shown = rows.filter(wrong, is_wrong=False), rows.filter(~wrong, is_wrong=True)
    if correction.kind == Kind.TECHNOLOGY:
        _count(correction, hidden, shown)
    unpinned = {"is_pinned": False} if correction.kind == Kind.CONTACT else {}
    hidden.update(is_wrong=True, **unpinned)
    shown.update(is_wrong=False)
    refresh_lists(ids)


def _count(correction: Correction, hidden: QuerySet[Any], shown: QuerySet[Any]) -> None:
    """Adjust the count of a technology by the domains about to lose or regain it."""
    number = shown.filter(gone_at=None).count() - hidden.filter(gone_at=None).count()
    if number:
        category = _rows_of(correction).values_list("category", flat=True).first() or ""
        add_domains(correction.tenant_id, correction.value, category, number)


def _hiding(correction: Correction, domain_id: Any) -> QuerySet[Correction]:
    """Return the corrections that hide this value on a domain: the domain's or the tenant's."""
    same = Correction.objects.filter(
        tenant=correction.tenant_id,
        kind=correction.kind,
        contact_kind=correction.contact_kind,
        value=correction.value,
    )
    return same.filter(Q(domain=domain_id) | Q(domain=None))


def _rows_of(correction: Correction) -> QuerySet[Any]:
    tenant = correction.tenant_id
    if correction.kind == Kind.TECHNOLOGY:
        return Technology.objects.filter(tenant=tenant, name=correction.value)
    same = {"kind": correction.contact_kind, "value": correction.value}
    return Contact.objects.filter(tenant=tenant, **same)
