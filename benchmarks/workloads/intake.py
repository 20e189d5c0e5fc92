"""Check a messy list through the console: pasted, as CSV and as XLSX."""

import io
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from random import Random
from typing import Any

from benchmarks import workloads
from benchmarks.sites import host

workloads.setup_django()

import xlsxwriter  # noqa: E402  (models need the settings)
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from batches.models import Draft  # noqa: E402
from benchmarks.workloads.create import _log_in  # noqa: E402
from scans.models import Domain  # noqa: E402
from scans.services import ensure_domains  # noqa: E402
from scrapersky.tenants.models import Tenant  # noqa: E402

# Columns of the tables in addition to the domains.
OTHERS = 9
CHUNK = 5_000


def main() -> None:
    count = workloads.spec()["lines"]
    setup_test_environment()
    tenant, client = _log_in()
    lines = list(messy_lines(count))
    _know(tenant, count)
    client.get(reverse("batch_create"))  # the first request also loads code
    started = workloads.now()
    checks = {name: _check(client, fields) for name, fields in _inputs(lines).items()}
    workloads.print_figures(started, workloads.now(), checks=checks)


def messy_lines(count: int) -> Iterator[str]:
    """Yield lines as pasted by people: names, URLs, capitals, repetitions, and invalid ones."""
    random = Random(19)  # the same lines in every run
    for number in range(count):
        name, draw = host(number), random.random()
        if draw < 0.5:
            yield name
        elif draw < 0.8:
            yield f"https://www.{name}/about?x=1"
        elif draw < 0.95:
            yield name.upper()
        elif draw < 0.98:
            yield host(random.randrange(number + 1))
        else:
            yield f"nobody at {number}"


def _know(tenant: Tenant, count: int) -> None:
    """Add two thirds of the domains: half of them scanned recently, half long ago."""
    now = timezone.now()
    for days, remainder in ((3, 0), (300, 1)):
        names = (host(number) for number in range(remainder, count, 3))
        while hosts := list(islice(names, CHUNK)):
            ids = ensure_domains(tenant=tenant, hosts=sorted(hosts)).values()
            scanned_at = now - timedelta(days=days)
            Domain.objects.filter(pk__in=ids).update(last_scanned_at=scanned_at)


def _inputs(lines: list[str]) -> dict[str, Callable[[], dict[str, Any]]]:
    text, table, book = "\n".join(lines), _csv(lines), _xlsx(lines)
    return {
        "pasted": lambda: {"domains": text},
        "CSV": lambda: {"file": SimpleUploadedFile("firms.csv", table)},
        "XLSX": lambda: {"file": SimpleUploadedFile("firms.xlsx", book)},
    }


def _rows(lines: list[str]) -> Iterator[list[str]]:
    yield ["Website", *(f"Field {index}" for index in range(OTHERS))]
    for number, line in enumerate(lines):
        yield [line, *(f"value {number} {index}" for index in range(OTHERS))]


def _csv(lines: list[str]) -> bytes:
    return "\n".join(",".join(row) for row in _rows(lines)).encode()


def _xlsx(lines: list[str]) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_urls": False})
    sheet = book.add_worksheet("Firms")
    for index, row in enumerate(_rows(lines)):
        sheet.write_row(index, 0, row)
    book.close()
    return file.getvalue()


def _check(client: Client, fields: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the seconds of a check by htmx, and by a plain form including the next page."""
    url = reverse("batch_create")
    in_place, _ = _timed(client, url, fields() | {"check": "1"}, headers={"HX-Request": "true"})
    plain, response = _timed(client, url, fields() | {"check": "1"}, follow=True)
    counts = {group["name"]: group["count"] for group in response.context["groups"]}
    Draft.objects.all().delete()
    return {"in_place": in_place, "plain": plain, "counts": counts}


def _timed(client: Client, url: str, fields: Any, **options: Any) -> tuple[list[float], Any]:
    """Return the wall and CPU seconds of a request, and the response."""
    started, used = time.perf_counter(), time.process_time()
    response = client.post(url, fields, **options)
    seconds = [time.perf_counter() - started, time.process_time() - used]
    if response.status_code != 200:
        raise RuntimeError(f"The check answered with status {response.status_code}.")
    return seconds, response


if __name__ == "__main__":
    main()
