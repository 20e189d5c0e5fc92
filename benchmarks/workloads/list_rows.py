"""The rows of the lists benchmark: domains with results, their scans, batches and jobs."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count, islice
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from batches.models import Batch, Job
from scans import storage
from scans.engine.technologies.loader import load_signatures
from scans.models import Contact, Domain, Page, Scan, Sitemap, Technology, reversed_host
from scans.technology_counts import count_technologies
from scrapersky.tenants.models import DEFAULT_TENANT_ID

CHUNK = 20_000
MODELS = (Domain, Contact, Technology, Page, Sitemap, Scan, Batch, Job)
# The indexes that belong to no constraint.
INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename = ANY(%s) AND indexname NOT IN
        (SELECT conname FROM pg_constraint)
"""
NOW = timezone.now()
STARTS = ("har", "bel", "mon", "ver", "sol", "tri", "kan", "dor", "lin", "pas")
ENDS = ("bour", "lis", "tane", "gard", "mark", "sen", "wick", "ton", "ville", "berg")
WORDS = [start + end for start in STARTS for end in ENDS]
ENDINGS = ["com"] * 50 + ["de"] * 15 + ["org"] * 10 + ["co.uk"] * 8 + ["fr", "it", "es", "nl"] * 3
VERDICTS = ["ok"] * 80 + ["parked"] * 8 + ["challenge"] * 5 + ["placeholder"] * 4 + ["empty"] * 3
LANGUAGES = ["en"] * 60 + ["de"] * 20 + ["fr"] * 8 + ["es"] * 6 + ["it"] * 4 + ["pl", "nl"]
TYPES = ["other"] * 60 + ["contact"] * 10 + ["about"] * 8 + ["legal"] * 6 + ["blog", "pricing"]


def write_rows(
    model: Any, columns: tuple[str, ...], rows: Iterator[tuple], **constants: Any
) -> None:
    while chunk := list(islice(rows, CHUNK)):
        storage.upsert(model, columns, chunk, key=["id"], constants=constants)


def count_rows() -> dict[str, int]:
    """Return the number of rows of each list by name."""
    return {str(model._meta.verbose_name_plural): model.objects.count() for model in MODELS}


def fill(domains: int) -> None:
    """Write the data set for a number of domains."""
    with _indexes_built_afterwards():
        _write(domains)
    count_technologies()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@contextmanager
def _indexes_built_afterwards() -> Iterator[None]:
    """Drop PostgreSQL's indexes of these tables, and build them once the rows are written."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [[model._meta.db_table for model in MODELS]])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in indexes:
            cursor.execute(definition)


def _write(domains: int) -> None:
    random.seed(7)
    ids = [uuid7() for _ in range(domains)]
    tenant = {"tenant_id": DEFAULT_TENANT_ID}
    times = {"first_seen": NOW, "last_seen": NOW, "gone_at": None}
    write_rows(Domain, DOMAIN_COLUMNS, map(domain_row, count(), ids), **tenant)
    write_rows(Contact, CONTACT_COLUMNS, _contacts(ids), **tenant, **times)
    write_rows(Technology, USE_COLUMNS, _technologies(ids), **tenant, **times)
    write_rows(Page, PAGE_COLUMNS, _pages(ids), **tenant, **times)
    write_rows(Sitemap, SITEMAP_COLUMNS, _sitemaps(ids), **tenant, **times)
    write_rows(Scan, SCAN_COLUMNS, map(_scan, ids), **tenant)
    write_rows(Batch, BATCH_COLUMNS, _batches(domains * 3 // 10), **tenant)
    batch = Batch.objects.order_by("created_at").first()
    assert batch is not None
    jobs = ((uuid7(), pk, batch.pk, n, "complete") for n, pk in enumerate(ids[: domains // 10]))
    write_rows(Job, ("id", "domain_id", "batch_id", "position", "status"), jobs,
               started_at=NOW, finished_at=NOW, **tenant)  # fmt: skip


DOMAIN_COLUMNS = ("id", "host", "reversed_host", "title", "description", "status", "verdict",
                  "failure_reason", "language", "emails", "phones", "best_email", "best_phone",
                  "technologies", "page_count", "last_scanned_at", "created_at")  # fmt: skip


def domain_row(number: int, pk: UUID) -> tuple:
    words = random.sample(WORDS, 6)
    host = host_of(number)
    failed = random.random() < 0.05
    emails, phones = _emails(number), _phones(number)
    age = timedelta(minutes=random.randrange(500_000))
    return (
        pk, host, reversed_host(host), " ".join(words[:3]).title(), " ".join(words[3:]),
        "failed" if failed else "scanned", "" if failed else random.choice(VERDICTS),
        random.choice(["dns_not_found", "read_timeout", "tls_error"]) if failed else "",
        random.choice(LANGUAGES), emails, phones, emails[0] if emails else None,
        phones[0] if phones else None, ["WordPress"], random.randrange(0, 60),
        NOW - age, NOW - age,
    )  # fmt: skip


def host_of(number: int) -> str:
    """Return the host of a domain; neighbours in its order come from all over the table."""
    mixed = number * 2_654_435_761 % 2**32
    return f"{WORDS[mixed % len(WORDS)]}-{number}.{ENDINGS[mixed // 128 % len(ENDINGS)]}"


def _emails(number: int) -> list[str]:
    """Return the addresses of a domain: one on three of five."""
    return [f"info@{host_of(number)}"] if number % 5 < 3 else []


def _phones(number: int) -> list[str]:
    """Return the phone numbers of a domain: two or three on three of four."""
    count = 2 + (number % 3 > 0) if number % 4 < 3 else 0
    return [f"+49{number:07}{place}" for place in range(count)]


CONTACT_COLUMNS = ("id", "domain_id", "kind", "value", "label", "country", "page_url", "confidence")


def _contacts(ids: list[UUID]) -> Iterator[tuple]:
    networks = ["facebook", "instagram", "linkedin", "x", "youtube", "xing"]
    for n, pk in enumerate(ids):
        url = f"https://{host_of(n)}/contact"
        label = random.choice(["service", "corporate", "free", "unknown"])
        for email in _emails(n):
            yield uuid7(), pk, "email", email, label, "", url, 1.0
        country = random.choice(["DE", "US", "GB", "FR", "AT"])
        for phone in _phones(n):
            yield uuid7(), pk, "phone", phone, country, country, url, 0.9
        if random.random() < 0.4:
            network = random.choice(networks)
            yield uuid7(), pk, "social", f"https://{network}.com/s{n}", network, "", url, 0.9


USE_COLUMNS = ("id", "domain_id", "name", "category", "version")


def _technologies(ids: list[UUID]) -> Iterator[tuple]:
    signatures = list(load_signatures())
    weights = [1 / (rank + 1) for rank in range(len(signatures))]
    top = next(i for i, s in enumerate(signatures) if s.name == "WordPress")
    signatures[0], signatures[top] = signatures[top], signatures[0]
    for pk in ids:
        for signature in {s.name: s for s in random.choices(signatures, weights, k=4)}.values():
            yield uuid7(), pk, signature.name, signature.category, random.choice(["", "6.4", "5.1"])


PAGE_COLUMNS = ("id", "domain_id", "url", "url_hash", "page_type", "in_sitemap", "is_linked",
                "is_opened", "disallowed_by")  # fmt: skip


def _pages(ids: list[UUID]) -> Iterator[tuple]:
    for n, pk in enumerate(ids):
        for k in range(5):
            url = f"https://{host_of(n)}/page-{k}"
            rule = "Disallow: /page-4" if k == 4 and random.random() < 0.05 else ""
            in_sitemap = random.random() < 0.8
            yield (uuid7(), pk, url, storage.url_hash(url), random.choice(TYPES), in_sitemap,
                   random.random() < 0.5, k < 2, rule)  # fmt: skip


SITEMAP_COLUMNS = ("id", "domain_id", "url", "url_hash", "kind", "url_count", "error")


def _sitemaps(ids: list[UUID]) -> Iterator[tuple]:
    """Yield a sitemap of each domain; one in fifty could not be read."""
    for n, pk in enumerate(ids):
        url = f"https://{host_of(n)}/sitemap.xml"
        kind = random.choice(["urlset"] * 8 + ["index", "text"])
        error = "" if random.random() < 0.98 else "The sitemap is not XML."
        yield uuid7(), pk, url, storage.url_hash(url), kind, random.randrange(1_000), error


SCAN_COLUMNS = ("id", "domain_id", "verdict", "report", "started_at", "finished_at")


def _scan(pk: UUID) -> tuple:
    at = NOW - timedelta(minutes=random.randrange(500_000))
    return uuid7(), pk, random.choice(VERDICTS), {}, at, at + timedelta(seconds=2)


BATCH_COLUMNS = (
    "id",
    "name",
    "status",
    "total",
    "completed",
    "created_at",
    "started_at",
    "finished_at",
)


def _batches(number: int) -> Iterator[tuple]:
    for n in range(number):
        at = NOW - timedelta(minutes=number - n)
        yield uuid7(), f"{random.choice(WORDS)} list {n}", "complete", 1, 1, at, at, at
