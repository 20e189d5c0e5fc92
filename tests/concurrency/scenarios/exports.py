"""Exports survive the death of their writers, or fail with the actual cause."""

import csv
import io
import os
import resource
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl

from batches.background_exports import create_export
from batches.models import Export
from scans.lists import DOMAINS
from scans.models import Domain
from scans.services import ensure_domains
from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.tenants.preferences import SavedView
from scrapersky.web.lists.formats import Format
from scrapersky.web.lists.outputs import Output
from tests.concurrency.installation import Host, Installation
from tests.concurrency.scenarios.common import Figures
from tests.processes import eventually

KEPT = "keep"


def exports_under_fire(installation: Installation, *, rows: int, within: float) -> Figures:
    """Kill the writer of exports of two tenants, and change their view in the meantime.

    Each export contains its tenant's rows that match the original filter exactly once. With a full
    disk, an export fails with that reason.
    """
    folder = Path(installation.environment["EXPORT_DIR"])
    views = [_view_of_tenant(name, rows) for name in ("one", "two")]
    (host,) = installation.start_hosts(1)
    exports = [_export(views[0], Format.CSV), _export(views[1], Format.XLSX)]
    SavedView.objects.update(query="q=other")
    killed = [_kill_writer(folder, export) for export in exports]
    for export in exports:
        eventually(_ended(export), within=within)
        assert (export.status, export.error) == ("complete", "")
    results = [_hosts_in(export, folder) for export in exports]
    for view, hosts in zip(views, results, strict=True):
        wanted = Domain.objects.filter(tenant=view.tenant, host__startswith=KEPT)
        assert hosts == sorted(wanted.values_list("host", flat=True))
    return {
        "killed": f"{len(killed)} writers, the exports went on from rows {killed}",
        "rows": [len(hosts) for hosts in results],
        "on a full disk": _fails_without_room(host, views[0], folder, within),
    }


def _view_of_tenant(name: str, rows: int) -> SavedView:
    """Return a view of a new tenant's domains, a tenth of which do not match it."""
    tenant = Tenant.objects.create(name=name)
    user = User.objects.create(username=name)
    Membership.objects.create(user=user, tenant=tenant, role=Membership.Role.MEMBER)
    for prefix, count in ((KEPT, rows), ("other", rows // 10)):
        hosts = [f"{prefix}-{number:07}.{name}.example" for number in range(count)]
        ensure_domains(tenant=tenant, hosts=hosts)
    return SavedView.objects.create(
        tenant=tenant,
        owner=user,
        list_name="domains",
        name=name,
        query=f"q={KEPT}",
        columns=["host", "title"],
    )


def _export(view: SavedView, kind: Format) -> Export:
    return create_export(
        user=view.owner,
        definition=DOMAINS,
        query=view.query,
        columns=list(view.columns),
        output=Output(kind),
        view=view,
    )


def _kill_writer(folder: Path, export: Export) -> int:
    """Kill the process that is writing an export; return the number of rows recorded by then."""

    def writes() -> bool:
        export.refresh_from_db()
        assert export.is_active, "The export ended before it was struck: use more rows."
        if export.kind is Format.XLSX:
            return bool(list(folder.glob(f"{export.pk}.part-2.*")))
        return export.read_count > 0

    eventually(writes, within=300)
    os.kill(_holder_of(next(folder.glob(".lock-*"))), signal.SIGKILL)
    export.refresh_from_db()
    return export.read_count


def _holder_of(path: Path) -> int:
    """Return the process that holds a file lock (proc(5): locks)."""
    inode = f":{path.stat().st_ino}"
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return next(int(line[4]) for line in lines if line[5].endswith(inode))


def _ended(export: Export) -> Callable[[], bool]:
    def ended() -> bool:
        export.refresh_from_db()
        return not export.is_active

    return ended


def _hosts_in(export: Export, folder: Path) -> list[str]:
    content = (folder / export.path.name).read_bytes()
    if export.kind is Format.CSV:
        return sorted(row["host"] for row in csv.DictReader(io.StringIO(content.decode())))
    if not export.is_zipped:
        return sorted(_hosts_of_workbook(content))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [archive.read(name) for name in archive.namelist()]
    return sorted(host for part in parts for host in _hosts_of_workbook(part))


def _hosts_of_workbook(content: bytes) -> list[Any]:
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).active
    assert sheet is not None
    return [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]


def _fails_without_room(host: Host, view: SavedView, folder: Path, within: float) -> str:
    """Limit the file size for all processes of the host, to simulate a full disk."""
    for pid in host.cluster():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    export = _export(view, Format.CSV)
    eventually(_ended(export), within=within)
    assert export.status == Export.Status.FAILED
    assert "A file could not be read or written" in export.error
    assert list(folder.glob(f"{export.pk}*")) == []
    return export.error
