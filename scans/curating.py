"""Curate results: set statuses, tag domains and write notes, with user and time.

Results are changed under their domain's lock, like in a scan.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from scans import storage
from scans.curation import Curated, Curation, DomainTag, Tag
from scans.models import Domain
from scans.services import lock_domains
from scrapersky.tenants.access import readable
from scrapersky.tenants.models import User
from scrapersky.web.database_errors import retry_on_conflict
from scrapersky.web.regional import grouped
from scrapersky.web.text import sanitize

TAG_LENGTH = 64
MOST_TAGS = 20
NOTE_LENGTH = 20_000
SUGGESTED_TAGS = 500
R = TypeVar("R", bound=Curated)


@retry_on_conflict
def set_curation(rows: QuerySet[R], *, curation: str, user: User | None) -> int:
    """Set the curation status of rows; return how many changed.

    Rows that already have it keep their user and time. Raises ValidationError for an unknown
    status.
    """
    if curation not in Curation.values:
        raise ValidationError("Choose one of the curation statuses.")
    with transaction.atomic():
        lock_domains(_domains_of(rows))
        return rows.exclude(curation=curation).update(
            curation=curation, curated_by=user, curated_at=timezone.now()
        )


def _domains_of(rows: QuerySet[R]) -> Iterable[UUID]:
    name = "pk" if rows.model is Domain else "domain_id"
    return rows.order_by().values_list(name, flat=True)


@retry_on_conflict
def set_note(domain: Domain, text: str, *, user: User | None) -> bool:
    """Write the note of a domain; return whether it changed.

    Raises ValidationError if it is too long.
    """
    note = sanitize(text.replace("\r\n", "\n").strip())
    if len(note) > NOTE_LENGTH:
        raise ValidationError(f"A note has at most {grouped(NOTE_LENGTH)} characters.")
    row = Domain.objects.filter(pk=domain.pk).exclude(note=note)
    return bool(row.update(note=note, noted_by=user, noted_at=timezone.now()))


def read_tags(text: str) -> list[str]:
    """Return the tag names in a comma-separated text.

    Raises ValidationError for no names, too many, or one that is too long.
    """
    typed = (" ".join(sanitize(part).split()) for part in re.split("[,;\n]", text))
    names = list(dict.fromkeys(name for name in typed if name))
    if not names:
        raise ValidationError("Type at least one tag.")
    if len(names) > MOST_TAGS:
        raise ValidationError(f"Use at most {MOST_TAGS} tags at once.")
    if any(len(name) > TAG_LENGTH for name in names):
        raise ValidationError(f"A tag has at most {TAG_LENGTH} characters.")
    return names


@retry_on_conflict
def add_tags(domains: QuerySet[Domain], names: Sequence[str], *, user: User | None) -> int:
    """Tag domains; return how many did not have all of the tags.

    Tag names are matched case-insensitively (`Lead`, `lead`).
    """
    by_tenant: dict[UUID, list[UUID]] = {}
    with transaction.atomic():
        # locked, so that none is deleted before its tags are written
        rows = domains.select_for_update(no_key=True, of=("self",)).order_by("pk")
        for pk, tenant_id in rows.values_list("pk", "tenant_id"):
            by_tenant.setdefault(tenant_id, []).append(pk)
        return sum(_tag(tenant, ids, names, user) for tenant, ids in sorted(by_tenant.items()))


def _tag(tenant_id: UUID, ids: list[UUID], names: Sequence[str], user: User | None) -> int:
    tags = _ensure_tags(tenant_id, names)
    had = DomainTag.objects.filter(domain__in=ids, tag__in=tags).values_list("domain", "tag")
    pairs = {(domain, tag) for domain in ids for tag in tags} - set(had)
    storage.upsert(
        DomainTag,
        ("domain_id", "tag_id"),
        pairs,
        key=["domain_id", "tag_id"],
        constants={"created_by_id": user.pk if user else None},
    )
    return len({domain for domain, _ in pairs})


def _ensure_tags(tenant_id: UUID, names: Sequence[str]) -> list[UUID]:
    """Return the ids of a tenant's tags with these names, creating missing ones."""
    known = {tag.name.casefold(): tag.pk for tag in Tag.objects.filter(tenant=tenant_id)}
    missing = [name for name in names if name.casefold() not in known]
    if missing:
        rows = [(name,) for name in {name.casefold(): name for name in missing}.values()]
        key = ["tenant_id", "name"]
        storage.upsert(Tag, ("name",), rows, key=key, constants={"tenant_id": tenant_id})
        known = {tag.name.casefold(): tag.pk for tag in Tag.objects.filter(tenant=tenant_id)}
    return sorted({known[name.casefold()] for name in names})


@retry_on_conflict
def remove_tags(domains: QuerySet[Domain], names: Sequence[str]) -> int:
    """Remove tags from domains, ignoring case; return how many had one."""
    tenants = domains.order_by().values_list("tenant_id", flat=True).distinct()
    folded = {name.casefold() for name in names}
    candidates = Tag.objects.filter(tenant__in=list(tenants))
    tags = [tag.pk for tag in candidates if tag.name.casefold() in folded]
    rows = DomainTag.objects.filter(tag__in=tags, domain__in=domains.order_by().values("pk"))
    with transaction.atomic():
        tagged = dict(rows.order_by("pk").values_list("pk", "domain"))
        DomainTag.objects.filter(pk__in=tagged).delete()
    return len(set(tagged.values()))


def tag_names(user: User) -> list[str]:
    """Return the names of visible tags in use, as suggestions."""
    used = Tag.objects.filter(Exists(DomainTag.objects.filter(tag=OuterRef("pk"))))
    names = readable(used, user).order_by("name").values_list("name", flat=True)
    return list(dict.fromkeys(names[:SUGGESTED_TAGS]))
