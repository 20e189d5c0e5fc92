"""Random legacy rows, from pools so small that ids collide and references dangle.

`Expected` computes the expected result in Python, row by row, from the rules for ids alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from batches.legacy.ids import converted, derived
from batches.tests.legacy.legacy_ids import TENANT, Row, uid
from batches.tests.legacy.legacy_schema import Age

START = datetime(2025, 1, 1, 10)
ODD = ("test-batch", "310", "3", "7", "batch_0123456789ab", " a ", "Ä", "x" * 300, "scan_1'2\"3\\",
       "domain_batch_20250920_101112", "None", "null", "%s", "{}", "a\nb", "a#1")  # fmt: skip
TENANTS = (TENANT, uid("a", 2), uid("a", 3))
ALIASES = ("batch_id", "batch_id_original", "batch_id_string", "id_uuid")


@dataclass
class LegacyRows:
    """The rows of a random installation."""

    age: Age
    batches: list[Row] = field(default_factory=list)
    jobs: list[Row] = field(default_factory=list)
    domains: list[Row] = field(default_factory=list)
    others: dict[str, list[Row]] = field(default_factory=dict)

    def tables(self) -> dict[str, list[Row]]:
        named = {"batch_jobs": self.batches, "jobs": self.jobs, "domains": self.domains}
        return named | self.others


def random_rows(seed: int, age: Age) -> LegacyRows:
    """Return up to twenty batches, forty jobs and ten domains with their related rows."""
    random = Random(seed)
    made = LegacyRows(age)
    made.batches = [_batch(random, number, age) for number in _numbers(random, 20)]
    made.domains = [_domain(random, number) for number in range(random.randrange(10))]
    numbers = _numbers(random, 40)
    jobs = [_job(random, number, age) for number in numbers]
    if age == "after":  # unique there
        jobs = list({job["job_id"]: job for job in jobs}.values())
    made.jobs = jobs
    made.others = {
        "tenants": [{"id": tenant, "name": f"Tenant {tenant}"} for tenant in TENANTS[:2]],
        "profiles": [_profile(random, number) for number in range(random.randrange(4))],
        "pages": [_page(random, number) for number in range(random.randrange(8))],
        "contacts": [_contact(random, number) for number in range(random.randrange(8))],
    }
    return made


def part_of(rows: LegacyRows, parts: int, seed: int) -> list[dict[str, list[Row]]]:
    """Split the rows of each table into random parts, to be converted one after another."""
    random = Random(seed)
    found: list[dict[str, list[Row]]] = [{name: [] for name in rows.tables()} for _ in range(parts)]
    for name, some in rows.tables().items():
        for row in some:
            random.choice(found)[name].append(row)
    return found


def _numbers(random: Random, most: int) -> list[int]:
    return random.sample([*range(1, 60), 310, 311], random.randrange(1, most))


def any_uuid(random: Random) -> UUID:
    return uid("b", random.randrange(1, 7))


def any_id(random: Random) -> str | None:
    """Return a batch id in a form in which it may be stored or referenced."""
    one = any_uuid(random)
    forms = (
        f"batch_{one.hex}", f"{one}", f"batch_{one}", f"batch_domain_sitemap_{one}",
        f"sitemap_{one.hex}", f"  batch_{one.hex}", f"BATCH_{one}".upper(), f"{one}".upper(),
        f"batch_{one}_1a2b3c4d", one.hex, f"{one} ", f"batch_{one.hex}x", f"urn:uuid:{one}",
    )  # fmt: skip
    choices = [random.choice(forms)] * 5 + [random.choice(ODD)] * 3 + [None, "", "  "]
    return random.choice(choices)


def _times(random: Random) -> Row:
    made = START + timedelta(minutes=random.randrange(4))
    return {"created_at": f"{made}", "updated_at": f"{made}"}


def _batch(random: Random, number: int, age: Age) -> Row:
    statuses = ("pending", "running", "Completed", "partial", "error", "cancelled", "odd", "")
    row = {
        "id": number,
        "tenant_id": random.choice(TENANTS),
        "created_by": _anybody(random),
        "processor_type": random.choice(("domain_scan", "sitemap", "odd")),
        "status": random.choice(statuses),
        "batch_id": any_id(random),
        "total_domains": random.choice((None, 0, 5)),
        **_times(random),
    }
    if age == "after":
        row["batch_id_original"], row["batch_id_string"] = row["batch_id"], any_id(random)
        row["batch_id"] = random.choice((any_uuid(random), uid("f", number), None))
        row["id_uuid"] = random.choice((any_uuid(random), uid("9", number)))
    return row


def _job(random: Random, number: int, age: Age) -> Row:
    statuses = ("pending", "InProgress", "Completed", "complete", "Error", "cancelled", "odd", "")
    one = uid("c", random.randrange(1, 30))
    named = random.choice((f"{one}", f"job_{one.hex}", f"{one}".upper(), f"batch_{one}_1a2b3c4d",
                           "job_1a2b3c4d", None, ""))  # fmt: skip
    return {
        "id": number,
        "job_id": one if age == "after" else named,
        "tenant_id": random.choice((str(TENANT), str(TENANT).upper(), "acme", None)),
        "created_by": _anybody(random),
        "job_type": random.choice(("domain_scan", "sitemap_scan", "odd", None)),
        "status": random.choice(statuses),
        "progress": random.choice((None, 0.5, 1.0, 100.0)),
        "domain_id": random.choice((None, uid("d", random.randrange(12)))),
        "batch_id": any_id(random),
        **_times(random),
    }


def _domain(random: Random, number: int) -> Row:
    scheme = random.choice(("", "https://", "HTTP://", "www."))
    return {
        "id": uid("d", number),
        "tenant_id": TENANT,
        "domain": f"{scheme}site-{number % 5}.example.com{'/' * number}",
        "status": random.choice(("active", "completed", "error", None)),
        "batch_id": any_id(random),
        "last_scan": random.choice((None, "2025-01-01 10:00:00+00", "infinity")),
        "email_addresses": random.choice((None, ["a@example.com"], ["A@example.com", "b@c.de"])),
        "facebook_url": random.choice((None, "https://example.com/we")),
        "twitter_url": random.choice((None, "https://example.com/we")),
        "is_wordpress": random.choice((None, True)),
        "wordpress_version": random.choice((None, "6.4", "6.5")),
        "tech_stack": random.choice((None, '{"nginx": true}', '["PHP", "nginx"]')),
        **_times(random),
    }


def _anybody(random: Random) -> UUID | None:
    return random.choice((None, uid("e", random.randrange(4))))


def _profile(random: Random, number: int) -> Row:
    person = {"name": f"Person {number}", "email": f"person-{number % 3}@example.com"}
    return {"id": uid("e", number), "tenant_id": random.choice(TENANTS), **person}


def _found(random: Random, number: int) -> Row:
    return {"id": uid("f", number), "domain_id": uid("d", random.randrange(12)), **_times(random)}


def _page(random: Random, number: int) -> Row:
    url = f"https://site-1.example.com/{random.choice('abc')}"
    return {**_found(random, number), "url": url, "page_type": random.choice((None, "contact_us"))}


def _contact(random: Random, number: int) -> Row:
    return {**_found(random, number), "email": random.choice(("a@example.com", "C@example.com"))}


class Expected:
    """The expected ids of random rows."""

    def __init__(self, rows: LegacyRows) -> None:
        self._batches = sorted(rows.batches, key=_order)
        self.batches = _settled(self._batches, _own_id)
        self.jobs = _settled(sorted(rows.jobs, key=_order), lambda job: _text(job["job_id"]))

    def parents(self, reference: str | None) -> set[UUID | None]:
        """Return the possible targets of a reference: several if rows share the name."""
        text = _text(reference)
        if text is None:
            return {None}
        named = [self._bearers(text, alias) for alias in ALIASES]
        named.append([row for row in self._batches if _own_id(row) == text])
        found = {self.batches[rows[0]["id"]] for rows in named if rows}
        if found:
            return set(found)
        numbers = [row["id"] for row in self._batches if str(row["id"]) == text]
        return {self.batches[numbers[0]]} if numbers else self._by_rule(text)

    def _by_rule(self, text: str) -> set[UUID | None]:
        """Return the target of the UUID in a reference: the batch, or one with that alias."""
        held = converted(text)
        if held in self.batches.values():
            return {held}
        holders = [
            self.batches[row["id"]]
            for row in self._batches
            for alias in ALIASES
            if _text(row.get(alias)) and converted(str(row[alias])) == held
        ]
        return set(holders) or {held}

    def _bearers(self, text: str, alias: str) -> list[Row]:
        return [row for row in self._batches if str(row.get(alias)) == text and row.get(alias)]


def _order(row: Row) -> tuple[str, int]:
    return row["created_at"], row["id"]


def _text(value: object) -> str | None:
    text = "" if value is None else str(value)
    return text if text.strip() else None


def _own_id(batch: Row) -> str | None:
    names = ("batch_id", "batch_id_original", "batch_id_string")
    return next((text for name in names if (text := _text(batch.get(name)))), None)


def _settled(rows: list[Row], own: Callable[[Row], str | None]) -> dict[int, UUID]:
    """Return the UUID of each row by its integer; the first of several rows keeps a shared one."""
    became: dict[int, UUID] = {}
    for row in rows:
        text = own(row) or str(row["id"])
        wanted = converted(text) if own(row) else derived(text)
        taken = wanted in became.values()
        became[row["id"]] = derived(f"{text}#{row['id']}") if taken else wanted
    return became
