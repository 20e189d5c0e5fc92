"""Show reports and store results as users corrected them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Value

from scans.corrections.models import Correction
from scans.models import Contact, Domain, Technology
from scans.storage import among
from scrapersky.web.text import storable

LONGEST_VALUE = 500
Kind = Correction.Kind


@dataclass(slots=True)
class Corrected:
    """What users corrected on one domain."""

    # (kind, value) of contacts, and names, that are marked as wrong
    contacts: set[tuple[str, str]] = field(default_factory=set)
    technologies: set[str] = field(default_factory=set)
    verdict: str = ""

    def apply(self, report: Any) -> Any:
        """Return a report without what is wrong, and with the verdict that is right.

        What is no report, such as the result of a failed scan, is returned as it is.
        """
        is_corrected = self.contacts or self.technologies or self.verdict
        if not is_corrected or not isinstance(report, dict) or "contacts" not in report:
            return report
        return report | {
            **self._verdict_of(report),
            "contacts": [
                contact
                for contact in report["contacts"]
                if (contact["kind"], as_stored(contact["value"])) not in self.contacts
            ],
            "technologies": [
                technology
                for technology in report["technologies"]
                if as_stored(technology["name"]) not in self.technologies
            ],
        }

    def _verdict_of(self, report: dict[str, Any]) -> dict[str, str]:
        scanned = report["verdict"]
        if self.verdict in ("", scanned):
            return {}
        evidence = f"Chosen by a user instead of {scanned.replace('_', ' ')}."
        if report.get("verdict_evidence"):
            evidence = f"{evidence} The scan says: {report['verdict_evidence']}"
        return {"verdict": self.verdict, "verdict_evidence": evidence}


def corrected_report(domain_id: UUID | None, report: Any) -> Any:
    """Return one report of a domain as users corrected it."""
    if not isinstance(report, dict) or "contacts" not in report:
        return report
    return corrected([domain_id])[domain_id].apply(report)


def corrected(domain_ids: Iterable[UUID | None]) -> Mapping[UUID | None, Corrected]:
    """Return what users corrected, by domain, in one query; it is nothing for most domains."""
    ids = {pk for pk in domain_ids if pk}
    by_domain: dict[UUID | None, Corrected] = {pk: Corrected() for pk in (*ids, None)}
    if not ids:
        return by_domain
    contacts = _tagged(Contact.objects.filter(domain__in=ids, is_wrong=True), "kind", "value")
    technologies = Technology.objects.filter(domain__in=ids, is_wrong=True)
    verdicts = Correction.objects.filter(domain__in=ids, kind=Kind.VERDICT)
    rows = contacts.union(
        _tagged(technologies, Value(Kind.TECHNOLOGY.value), "name"),
        _tagged(verdicts, Value(Kind.VERDICT.value), "right_value"),
        all=True,
    )
    for pk, kind, value in rows:
        if kind == Kind.TECHNOLOGY:
            by_domain[pk].technologies.add(value)
        elif kind == Kind.VERDICT:
            by_domain[pk].verdict = value
        else:
            by_domain[pk].contacts.add((kind, value))
    return by_domain


def _tagged(rows: QuerySet[Any], kind: Any, value: str) -> QuerySet[Any]:
    """Return (domain, kind, value) of rows; the kinds of contacts are not those of corrections."""
    return rows.order_by().values_list("domain_id", kind, value)


def corrections_on(domain: Domain, known: Corrected) -> list[Correction]:
    """Return the corrections that concern a domain, its own and its tenant's, the newest first."""
    values = [*known.technologies, *(value for _, value in known.contacts)]
    rows = Correction.objects.filter(
        Q(domain=domain) | Q(domain=None, value__in=values), tenant=domain.tenant_id
    )
    return [
        row
        for row in rows.select_related("created_by")
        if row.kind != Kind.CONTACT or (row.contact_kind, row.value) in known.contacts
    ]


def right_verdicts(domain_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the verdicts that users chose, by domain."""
    chosen = Correction.objects.filter(domain__in=list(domain_ids), kind=Kind.VERDICT)
    return {pk: verdict for pk, verdict in chosen.values_list("domain_id", "right_value") if pk}


def right_page_types(domain_ids: Iterable[UUID]) -> dict[tuple[UUID, bytes], str]:
    """Return the page types that users chose, by domain and hash of the URL."""
    chosen = Correction.objects.filter(domain__in=list(domain_ids), kind=Kind.PAGE_TYPE)
    rows = chosen.values_list("domain_id", "url_hash", "right_value")
    return {(pk, bytes(hashed)): page_type for pk, hashed, page_type in rows if pk}


class WrongMarks:
    """Which contacts and technologies of some tenants and domains are marked as wrong.

    Read in one query, by the values that are about to be stored; most of them are right.
    """

    def __init__(
        self, tenant_ids: Iterable[UUID], domain_ids: Iterable[UUID], values: Iterable[str]
    ) -> None:
        marks = Correction.objects.filter(
            Q(domain=None) | Q(domain__in=set(domain_ids)),
            tenant__in=set(tenant_ids),
            kind__in=[Kind.CONTACT, Kind.TECHNOLOGY],
            value__in=among(sorted({as_stored(value) for value in values})),
        )
        self._marks = set(
            marks.values_list("tenant_id", "domain_id", "kind", "contact_kind", "value")
        )

    def hide(
        self, tenant_id: UUID, domain_id: UUID, kind: str, contact_kind: str, value: str
    ) -> bool:
        """Say whether a value is wrong on this domain, or on every domain of the tenant."""
        if not self._marks:
            return False
        key = (kind, contact_kind, as_stored(value))
        return not self._marks.isdisjoint(((tenant_id, domain_id, *key), (tenant_id, None, *key)))


def as_stored(value: str) -> str:
    """Return a value as its column holds it."""
    return storable(value)[:LONGEST_VALUE]
