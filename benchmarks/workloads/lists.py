"""Fill a database with lists of results, and time every list, order and filter."""

from collections.abc import Callable
from math import ceil
from time import perf_counter, process_time
from typing import Any

from benchmarks import workloads

workloads.setup_django()

from django.db import connection  # noqa: E402
from django.http import QueryDict  # noqa: E402
from django.test import Client  # noqa: E402

from batches.models import Batch  # noqa: E402
from benchmarks.usage import cpu_seconds  # noqa: E402
from benchmarks.workloads.list_rows import count_rows, fill  # noqa: E402
from scrapersky.tenants.models import DEFAULT_TENANT_ID, Membership, Tenant, User  # noqa: E402
from scrapersky.web.lists import ListDefinition, ListQuery, QueryTooSlow, get_list  # noqa: E402

READER = "reader"
REPEATS = 21
PAGE = 1_000
PAGE_ROWS = 50
# Rows read at a time on the way to a page deep in a list, and the seconds that this may take.
STRIDE, PATIENCE = 5_000, 60
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
# Pages with several lists.
CONSOLE_PAGES = ("/", "/batches/")
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
    started = workloads.now()
    if not User.objects.filter(username=READER).exists():  # created once all rows are written
        fill(workloads.spec()["domains"])
    user = _user()
    filled, rows = workloads.now() - started, count_rows()
    timings = {name: _time_list(get_list(name), user) for name in LISTS}
    timings["console"] = [_time_console_page(path, user) for path in CONSOLE_PAGES]
    workloads.print_figures(started, workloads.now(), rows=rows, filled=filled, timings=timings)


def _user() -> User:
    tenant, _ = Tenant.objects.get_or_create(pk=DEFAULT_TENANT_ID, defaults={"name": "Default"})
    user, _ = User.objects.get_or_create(username=READER)
    Membership.objects.get_or_create(user=user, tenant=tenant, defaults={"role": "member"})
    return user


def _time_list(definition: ListDefinition, user: User) -> list[dict[str, Any]]:
    return [_time(definition, query, user) for query in queries_of(definition)]


def queries_of(definition: ListDefinition) -> list[str]:
    """Return the query strings of a list: each order, filter, shortcut and likely pair."""
    queries = [""] + [f"sort={sign}{sort.name}" for sort in definition.sorts for sign in ("", "-")]
    for item in definition.filters:
        queries += [f"{item.name}={value}" for value in _values(definition.name, item)]
    if definition.name == "domains":
        queries += PAIRS
    queries += [query for _, query in definition.shortcuts]
    return list(dict.fromkeys(queries))


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


def _time(definition: ListDefinition, query: str, user: User) -> dict[str, Any]:
    """Time the first page of a query, and page 1,000 if as many rows match."""
    list_query = ListQuery(definition, QueryDict(query), user)
    columns = [definition.column_by_name[name] for name in definition.default_columns]

    def read(cursor: str = "") -> int:
        return len(list_query.page(columns, cursor=cursor).rows)

    first = _measured(read)
    cursor = _cursor_at(list_query) if first["rows"] >= PAGE_ROWS else ""
    deep = _measured(lambda: read(cursor)) if cursor else None
    return {"query": query, **first, "deep": deep}


def _measured(read: Callable[[], int]) -> dict[str, Any]:
    """Return times in seconds: of a call, and of the CPU of this process and its server."""
    times, rows = [], 0
    is_stopped = False
    cpu = process_time() + _server_cpu()
    for _ in range(REPEATS):
        started = perf_counter()
        try:
            rows = read()
        except QueryTooSlow:
            is_stopped = True
        times.append(perf_counter() - started)
        if is_stopped:
            break
    cpu = (process_time() + _server_cpu() - cpu) / len(times)
    times.sort()
    p95 = times[ceil(len(times) * 0.95) - 1]
    median = times[len(times) // 2]
    return {"rows": rows, "p95": p95, "median": median, "cpu": cpu, "is_stopped": is_stopped}


def _server_cpu() -> float:
    """Return the CPU time of this connection's PostgreSQL process; 0 if it runs elsewhere."""
    connection.ensure_connection()
    info = getattr(connection.connection, "info", None)
    is_local = info is not None and (info.host.startswith("/") or info.host == "localhost")
    return cpu_seconds(info.backend_pid) if info is not None and is_local else 0.0


def _cursor_at(query: ListQuery) -> str:
    """Return the cursor of a page deep in a list; empty if fewer rows match."""
    cursor = ""
    for _ in range(PAGE * PAGE_ROWS // STRIDE):
        page = query.page((), size=STRIDE, cursor=cursor, seconds=PATIENCE, for_cells=False)
        cursor = page.next
        if not cursor:
            break
    return cursor


def _time_console_page(path: str, user: User) -> dict[str, Any]:
    """Time a page of the console in this process, from its request to its HTML."""
    client = Client(headers={"host": "testserver"})
    client.force_login(user)

    def read() -> int:
        response = client.get(path)
        assert response.status_code == 200, response.status_code
        return len(response.content)

    read()  # loads templates
    return {"query": path, **_measured(read), "deep": None}


if __name__ == "__main__":
    main()
