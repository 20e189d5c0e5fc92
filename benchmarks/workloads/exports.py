"""Fill a database with domains of two tenants, or export one tenant's like a worker."""

import sys
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks import workloads

workloads.setup_django()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from uuid_utils.compat import uuid7  # noqa: E402

from batches.background_exports import create_export, run_slice  # noqa: E402
from benchmarks.workloads.list_rows import DOMAIN_COLUMNS, domain_row, write_rows  # noqa: E402
from scans.lists import DOMAINS  # noqa: E402
from scans.models import Domain  # noqa: E402
from scrapersky.tenants.models import Membership, Tenant, User  # noqa: E402
from scrapersky.web.lists.formats import Format  # noqa: E402
from scrapersky.web.lists.outputs import Output  # noqa: E402

COLUMNS = ("host", "title", "description", "status", "verdict", "emails", "page_count")


def main() -> None:
    spec = workloads.spec()
    started = workloads.now()
    figures = _fill(spec["fill"]) if "fill" in spec else _export(spec["tenant"], spec["output"])
    workloads.print_figures(started, workloads.now(), **figures)


def _fill(sizes: dict[str, int]) -> dict[str, Any]:
    for name, size in sizes.items():
        tenant = Tenant.objects.create(name=name)
        user = User.objects.create_user(name)
        Membership.objects.create(user=user, tenant=tenant, role=Membership.Role.MEMBER)
        ids = (uuid7() for _ in range(size))
        write_rows(Domain, DOMAIN_COLUMNS, map(domain_row, count(), ids), tenant_id=tenant.pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {}


def _export(name: str, output: str) -> dict[str, Any]:
    settings.EXPORT_DIR = str(Path(settings.EXPORT_DIR) / name / output)
    rows = _copy(name) if output == "copy" else _slices(User.objects.get(username=name), output)
    return {"rows": rows, "peak": _peak_memory()}


def _peak_memory() -> int:
    """Return the peak memory of this process in bytes (proc(5): VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def _slices(user: User, output: str) -> int:
    export = create_export(
        user=user,
        definition=DOMAINS,
        query="",
        columns=list(COLUMNS),
        output=Output(Format(output)),
    )
    while export.is_active:
        run_slice(str(export.pk))
        export.refresh_from_db()
    if export.status != export.Status.COMPLETE:
        sys.exit(export.error)
    size: int = export.row_count
    return size


def _copy(name: str) -> int:
    """Write the same columns with a single COPY."""
    folder = Path(settings.EXPORT_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    statement = (
        f"COPY (SELECT {', '.join(COLUMNS)} FROM scans_domain WHERE tenant_id = %s "
        "ORDER BY host) TO STDOUT WITH (FORMAT csv, HEADER)"
    )
    connection.ensure_connection()
    raw: Any = connection.connection
    tenant = Tenant.objects.get(name=name)
    with (folder / "copy.csv").open("wb") as file, raw.cursor() as cursor:
        with cursor.copy(statement, [tenant.pk]) as copy:
            for block in copy:
                file.write(block)
        return int(cursor.rowcount)


if __name__ == "__main__":
    main()
