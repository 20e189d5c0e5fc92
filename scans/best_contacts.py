"""The best contacts of domains: pinned by users, or selected by `scans.engine.best_contact`."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from scans import storage
from scans.corrections.domain_facts import refresh_lists
from scans.engine.best_contact import Candidate, best_contacts, hosts_of
from scans.models import Contact
from scans.services import lock_domains
from scrapersky.web.database_errors import retry_on_conflict

PINNABLE = ("email", "phone")
CHUNK = 2_000


@retry_on_conflict
def pin(contact: Contact) -> None:
    """Make a contact the best of its kind on its domain, replacing an earlier pin.

    Raises ValidationError for a kind that cannot be pinned, and for a contact marked as wrong.
    """
    if contact.kind not in PINNABLE:
        raise ValidationError("Only an e-mail address or a phone number can be pinned.")
    with transaction.atomic():
        lock_domains([contact.domain_id])
        others = Contact.objects.filter(domain=contact.domain_id, kind=contact.kind)
        others.exclude(pk=contact.pk).filter(is_pinned=True).update(is_pinned=False)
        if not Contact.objects.visible().filter(pk=contact.pk).update(is_pinned=True):
            raise ValidationError(
                "This contact is marked as wrong or no longer exists. Reload the page."
            )
        refresh_lists([contact.domain_id])


@retry_on_conflict
def unpin(contact: Contact) -> None:
    """Let the rule select the best contact again."""
    with transaction.atomic():
        lock_domains([contact.domain_id])
        Contact.objects.filter(pk=contact.pk).update(is_pinned=False)
        refresh_lists([contact.domain_id])


def choose_for_stored(domain_model: type[Model], contact_model: type[Model]) -> None:
    """Select the best contact of each kind that domains lack, from their stored contacts.

    The models may be those of a migration. Each chunk of domains is written in one statement.
    """
    lacking = Q(kind="email", domain__best_email=None) | Q(kind="phone", domain__best_phone=None)
    contacts = contact_model._default_manager.filter(lacking, gone_at=None, is_wrong=False)
    columns = ("domain_id", "domain__host", "domain__final_url", *Candidate._fields)
    for ids in _in_chunks(contacts):
        domains = domain_model._default_manager.filter(pk__in=ids)
        existing = {pk: best for pk, *best in domains.values_list("pk", "best_email", "best_phone")}
        rows = contacts.filter(domain__in=ids).order_by("domain_id", "pk").values_list(*columns)
        chosen = (
            (pk, email or existing[pk][0], phone or existing[pk][1])
            for pk, email, phone in best_by_domain(rows)
            if email or phone
        )
        storage.update(domain_model, ("id", "best_email", "best_phone"), chosen)


def best_by_domain(rows: Iterable[tuple]) -> Iterator[tuple[UUID, str | None, str | None]]:
    """Yield the id, best e-mail address and best phone number of each domain.

    `rows` are contacts sorted by domain: id, host and final URL of the domain, then the fields of
    a `Candidate`.
    """
    for domain_id, some in groupby(rows, itemgetter(0)):
        contacts = list(some)
        hosts = hosts_of(*contacts[0][1:3])
        yield domain_id, *best_contacts((Candidate(*row[3:]) for row in contacts), hosts, {})


def _in_chunks(contacts: QuerySet[Any]) -> Iterator[list[UUID]]:
    """Yield the ids of the domains of contacts."""
    ids = contacts.order_by("domain_id").values_list("domain_id", flat=True).distinct()
    chunk = list(ids[:CHUNK])
    while chunk:
        yield chunk
        chunk = list(ids.filter(domain__gt=chunk[-1])[:CHUNK])
