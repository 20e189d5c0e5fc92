"""The best contacts of domains: pinned by users, or selected by `scans.engine.best_contact`."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, QuerySet

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
    """Select the best contacts of domains without any from their stored contacts.

    The models may be those of a migration. Each chunk of domains is written in one statement.
    """
    usable = contact_model._default_manager.filter(kind__in=PINNABLE, gone_at=None, is_wrong=False)
    domains = domain_model._default_manager.filter(
        Exists(usable.filter(domain=OuterRef("pk"))), best_email=None, best_phone=None
    )
    for hosts in _in_chunks(domains):
        contacts: dict[UUID, list[Candidate]] = defaultdict(list)
        rows = (
            usable.filter(domain__in=list(hosts))
            .order_by("pk")
            .values_list("domain_id", *Candidate._fields)
        )
        for pk, *values in rows:
            contacts[pk].append(Candidate(*values))
        best = [(pk, *best_contacts(some, hosts[pk], {})) for pk, some in contacts.items()]
        storage.update(domain_model, ("id", "best_email", "best_phone"), best)


def _in_chunks(domains: QuerySet[Any]) -> Iterator[dict[UUID, tuple[str, str]]]:
    """Yield the domains in chunks, as id -> host."""
    rest = domains.order_by("pk").values_list("pk", "host", "final_url")
    rows = list(rest[:CHUNK])
    while rows:
        yield {pk: hosts_of(host, url) for pk, host, url in rows}
        rows = list(rest.filter(pk__gt=rows[-1][0])[:CHUNK])
