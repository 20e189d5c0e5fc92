"""Apply users' corrections to reports and to results being stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet, Value

from scans.corrections.models import CHOICES, Correction
from scans.models import Contact, Domain, Technology
from scans.names import readable
from scans.sanitize import shortened_key
from scans.storage import among
from scrapersky.web.text import sanitize

Kind = Correction.Kind


@dataclass(slots=True)
class Corrected:
    """The corrections on one domain."""

    # (kind, value) of wrong contacts, and names of wrong technologies
    contacts: set[tuple[str, str]] = field(default_factory=set)
    technologies: set[str] = field(default_factory=set)
    verdict: str = ""

    def apply(self, report: Any) -> Any:
        """Return a report without wrong results and with the corrected verdict.

        Anything else, such as the result of a failed scan, is returned unchanged.
        """
        is_corrected = self.contacts or self.technologies or self.verdict
        if not is_corrected or not isinstance(report, dict) or "contacts" not in report:
            return report
        return report | {
            **self._verdict_of(report),
            "contacts": [
                contact
                for contact in report["contacts"]
                if (contact["kind"], stored_contact(contact["value"])) not in self.contacts
            ],
            "technologies": [
                technology
                for technology in report["technologies"]
                if stored_technology(technology["name"]) not in self.technologies
            ],
        }

    def _verdict_of(self, report: dict[str, Any]) -> dict[str, str]:
        scanned = report["verdict"]
        if self.verdict in ("", scanned):
            return {}
        evidence = f"Chosen by a user instead of {readable(scanned)}."
        if report.get("verdict_evidence"):
            evidence = f"{evidence} The scan says: {report['verdict_evidence']}"
        return {"verdict": self.verdict, "verdict_evidence": evidence}


def corrected_report(domain_id: UUID | None, report: Any) -> Any:
    """Return a report of a domain with its corrections applied."""
    if not isinstance(report, dict) or "contacts" not in report:
        return report
    return corrected([domain_id])[domain_id].apply(report)


def corrected(domain_ids: Iterable[UUID | None]) -> Mapping[UUID | None, Corrected]:
    """Return corrections by domain, in one query; most domains have none."""
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
    """Return (domain, kind, value) of rows, with the kind of the contact, not the correction."""
    return rows.order_by().values_list("domain_id", kind, value)


def corrections_on(domain: Domain, known: Corrected) -> list[Correction]:
    """Return the corrections that affect a domain, its own and its tenant's, newest first."""
    values = [*known.technologies, *(value for _, value in known.contacts)]
    rows = Correction.objects.filter(
        Q(domain=domain) | Q(domain=None, value__in=values), tenant=domain.tenant_id
    )
    return [
        row
        for row in rows.select_related("created_by")
        if row.kind != Kind.CONTACT or (row.contact_kind, row.value) in known.contacts
    ]


@dataclass(slots=True)
class RightValues:
    """The values set by users in place of the scans' results."""

    # By domain.
    verdicts: dict[UUID, str] = field(default_factory=dict)
    # By domain and hash of the URL.
    page_types: dict[tuple[UUID, bytes], str] = field(default_factory=dict)


def right_values(domain_ids: Iterable[UUID]) -> RightValues:
    """Return the values set by users on domains, in one query."""
    right = RightValues()
    choices = Correction.objects.filter(domain__in=set(domain_ids), kind__in=CHOICES).order_by()
    for pk, kind, hashed, value in choices.values_list(
        "domain_id", "kind", "url_hash", "right_value"
    ):
        assert pk is not None  # noqa: S101 (a database constraint)
        if kind == Kind.VERDICT:
            right.verdicts[pk] = value
        else:
            right.page_types[pk, bytes(hashed)] = value
    return right


class WrongMarks:
    """The contacts and technologies marked as wrong in some tenants and domains.

    Read in one query by the values about to be stored, few of which are wrong.
    """

    def __init__(
        self,
        tenant_ids: Iterable[UUID],
        domain_ids: Iterable[UUID],
        *,
        contacts: Iterable[str],
        technologies: Iterable[str],
    ) -> None:
        values = {stored_contact(value) for value in contacts}
        values |= {stored_technology(name) for name in technologies}
        marks = Correction.objects.filter(
            Q(domain=None) | Q(domain__in=domain_ids),
            tenant__in=tenant_ids,
            kind__in=[Kind.CONTACT, Kind.TECHNOLOGY],
            value__in=among(sorted(values)),
        )
        self._marks = set(
            marks.values_list("tenant_id", "domain_id", "kind", "contact_kind", "value")
        )

    def hide_contact(self, tenant_id: UUID, domain_id: UUID, kind: str, value: str) -> bool:
        """Return whether a contact is wrong on this domain, or on every domain of the tenant."""
        key = (Kind.CONTACT, kind, stored_contact(value)) if self._marks else ()
        return self._is_marked(tenant_id, domain_id, key)

    def hide_technology(self, tenant_id: UUID, domain_id: UUID, name: str) -> bool:
        """Return whether a technology is wrong on this domain, or on every domain of the tenant."""
        key = (Kind.TECHNOLOGY, "", stored_technology(name)) if self._marks else ()
        return self._is_marked(tenant_id, domain_id, key)

    def _is_marked(self, tenant_id: UUID, domain_id: UUID, key: tuple[str, ...]) -> bool:
        return not self._marks.isdisjoint(((tenant_id, domain_id, *key), (tenant_id, None, *key)))


def stored_contact(value: str) -> str:
    """Return the value of a contact as stored in its column."""
    return shortened_key(sanitize(value), _length(Contact, "value"))


def stored_technology(name: str) -> str:
    """Return the name of a technology as stored in its column."""
    return shortened_key(sanitize(name), _length(Technology, "name"))


def _length(model: type[Model], column: str) -> int:
    field: Any = model._meta.get_field(column)
    return int(field.max_length)
