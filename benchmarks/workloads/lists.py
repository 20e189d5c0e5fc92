"""Fill a database with lists of results, and time the first page of every list and filter."""

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import count, islice
from math import ceil
from time import perf_counter
from typing import Any
from uuid import UUID

from benchmarks import workloads

workloads.setup_django()

from django.db import connection  # noqa: E402
from django.http import QueryDict  # noqa: E402
from django.utils import timezone  # noqa: E402
from uuid_utils.compat import uuid7  # noqa: E402

from batches.models import Batch, Job  # noqa: E402
from scans import storage  # noqa: E402
from scans.engine.technologies.loader import load_signatures  # noqa: E402
from scans.models import (  # noqa: E402
    Contact,
    Domain,
    Page,
    Scan,
    Technology,
    reversed_host,
)
from scans.technology_counts import count_technologies  # noqa: E402
from scrapersky.tenants.models import DEFAULT_TENANT_ID, Membership, Tenant, User  # noqa: E402
from scrapersky.web.lists import ListDefinition, ListQuery, QueryTooSlow, get_list  # noqa: E402

CHUNK = 20_000
REPEATS = 21
NOW = timezone.now()
STARTS = ("har", "bel", "mon", "ver", "sol", "tri", "kan", "dor", "lin", "pas")
ENDS = ("bour", "lis", "tane", "gard", "mark", "sen", "wick", "ton", "ville", "berg")
WORDS = [start + end for start in STARTS for end in ENDS]
ENDINGS = ["com"] * 50 + ["de"] * 15 + ["org"] * 10 + ["co.uk"] * 8 + ["fr", "it", "es", "nl"] * 3
VERDICTS = ["ok"] * 80 + ["parked"] * 8 + ["challenge"] * 5 + ["placeholder"] * 4 + ["empty"] * 3
LANGUAGES = ["en"] * 60 + ["de"] * 20 + ["fr"] * 8 + ["es"] * 6 + ["it"] * 4 + ["pl", "nl"]
TYPES = ["other"] * 60 + ["contact"] * 10 + ["about"] * 8 + ["legal"] * 6 + ["blog", "pricing"]
# Common pairs of filters.
PAIRS = [
    "has_email=yes&technology=WordPress", "has_email=yes&language=de", "has_email=yes&tld=de",
    "has_email=yes&verdict=ok", "has_phone=yes&language=de", "has_phone=yes&tld=de",
    "has_email=no&verdict=ok", "technology=WordPress&language=de", "technology=Shopify&tld=com",
    "technology=WordPress&has_phone=yes", "verdict=parked&tld=com", "verdict=ok&language=fr",
    "words=harbour&has_email=yes", "words=harbour&language=de", "social=facebook&has_email=yes",
    "social=linkedin&tld=de", "page_type=contact&has_email=no", "pages_min=5&has_email=yes",
    "scanned_after=7d&has_email=yes", "status=failed&tld=com",
]  # fmt: skip


def main() -> None:
    random.seed(7)
    user = _user()
    started = workloads.now()
    rows = _fill(workloads.spec()["domains"])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    filled = workloads.now() - started
    timings = {name: _time_list(get_list(name), user) for name in LISTS}
    workloads.print_figures(started, workloads.now(), rows=rows, filled=filled, timings=timings)


LISTS = (
    "domains",
    "contacts",
    "pages",
    "technologies",
    "technology_names",
    "sitemaps",
    "scans",
    "batches",
    "jobs",
)


def _user() -> User:
    tenant, _ = Tenant.objects.get_or_create(pk=DEFAULT_TENANT_ID, defaults={"name": "Default"})
    user = User.objects.create_user("reader")
    Membership.objects.create(user=user, tenant=tenant, role="member")
    return user


def write_rows(
    model: Any, columns: tuple[str, ...], rows: Iterator[tuple], **constants: Any
) -> int:
    written = 0
    while chunk := list(islice(rows, CHUNK)):
        written += storage.upsert(model, columns, chunk, key=["id"], constants=constants)
    return written


def _fill(domains: int) -> dict[str, int]:
    ids = [uuid7() for _ in range(domains)]
    tenant = {"tenant_id": DEFAULT_TENANT_ID}
    times = {"first_seen": NOW, "last_seen": NOW, "gone_at": None}
    counts = {
        "domains": write_rows(Domain, DOMAIN_COLUMNS, map(domain_row, count(), ids), **tenant),
        "contacts": write_rows(Contact, CONTACT_COLUMNS, _contacts(ids), **tenant, **times),
        "technologies": write_rows(Technology, USE_COLUMNS, _technologies(ids), **tenant, **times),
        "pages": write_rows(Page, PAGE_COLUMNS, _pages(ids), **tenant, **times),
        "scans": write_rows(Scan, SCAN_COLUMNS, map(_scan, ids), **tenant),
        "batches": write_rows(Batch, BATCH_COLUMNS, _batches(domains * 3 // 10), **tenant),
    }
    batch = Batch.objects.order_by("created_at").first()
    assert batch is not None
    jobs = ((uuid7(), pk, batch.pk, n, "complete") for n, pk in enumerate(ids[: domains // 10]))
    counts["jobs"] = write_rows(Job, ("id", "domain_id", "batch_id", "position", "status"), jobs,
                            started_at=NOW, finished_at=NOW, **tenant)  # fmt: skip
    count_technologies()
    return counts


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


def _time_list(definition: ListDefinition, user: User) -> list[dict[str, Any]]:
    queries = [""] + [f"sort={sign}{sort.name}" for sort in definition.sorts for sign in ("", "-")]
    for item in definition.filters:
        queries += [f"{item.name}={value}" for value in _values(definition.name, item)]
    if definition.name == "domains":
        queries += PAIRS
    queries += [query for _, query in definition.shortcuts]
    timed = [_time(definition, query, user) for query in dict.fromkeys(queries)]
    return [*timed, _time(definition, "", user, page=1_000)]


def _values(name: str, item: Any) -> list[str]:
    samples = {
        "q": ["harbour", "harbour-77", ".co.uk", "har"], "domain": ["harbour", ".fr"],
        "words": ["harbour", "harb monl"], "value": ["info@harbour-77", "+490000077", "info"],
        "technology": ["WordPress", "WordPress@6", "Drupal"], "no_technology": ["WordPress"],
        "language": ["de", "pl"], "tld": ["de", "pl"], "phone_country": ["DE"], "country": ["DE"],
        "name": ["WordPress"], "version": ["6"], "url": ["https://harbour-77"], "tag": ["vip"],
    }  # fmt: skip
    if name == "batches" and item.name == "q":
        return ["harbour list 77", "list"]
    if item.name in samples:
        return samples[item.name]
    if item.choices:
        return [value for value, _ in item.choices]
    if item.name == "batch":
        return [str(Batch.objects.order_by("created_at").values_list("pk", flat=True)[0])]
    return ["7d"] if "after" in item.name or "before" in item.name else ["5"]


def _time(definition: ListDefinition, query: str, user: User, page: int = 0) -> dict[str, Any]:
    list_query = ListQuery(definition, QueryDict(query), user)
    columns = [definition.column_by_name[name] for name in definition.default_columns]
    cursor = _cursor_at(list_query, columns, page) if page else ""
    times, rows = [], 0
    try:
        for _ in range(REPEATS):
            started = perf_counter()
            rows = len(list_query.page(columns, cursor=cursor).rows)
            times.append(perf_counter() - started)
    except QueryTooSlow:
        times = [2.0]
    times.sort()
    label = f"page {page:,}" if page else query
    p95 = times[ceil(len(times) * 0.95) - 1]
    return {"query": label, "rows": rows, "p95": p95, "median": times[len(times) // 2]}


def _cursor_at(query: ListQuery, columns: list[Any], page: int) -> str:
    """Return the cursor of a page deep in a list."""
    cursor = ""
    for _ in range(page * 50 // 1_000):
        cursor = query.page(columns[:1], size=1_000, cursor=cursor).next or cursor
    return cursor


if __name__ == "__main__":
    main()
