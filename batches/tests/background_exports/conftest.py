"""Fixtures of the tests of exports: a folder, domains with hostile values, slices of seven rows."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from scans.models import Domain
from scans.services import ensure_domains
from scrapersky.tenants.models import Tenant
from scrapersky.web import slices
from scrapersky.web.lists import download

HOSTILE = [
    "=1+1",
    "Shop;=cmd|'/c calc'!A1",
    "\u202eevil",
    "line\nbreak",
    "😀",
    "ß" * 40_000,
    "+49 30",
]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.EXPORT_DIR = str(tmp_path / "exports")
    monkeypatch.setattr(slices, "async_task", lambda *args, **kwargs: None)
    return tmp_path / "exports"


@pytest.fixture
def domains(default_tenant: Tenant) -> list[Domain]:
    ensure_domains(tenant=default_tenant, hosts=[f"s{n:03}.example" for n in range(60)])
    rows = list(Domain.objects.order_by("host"))
    for row, title in zip(rows, HOSTILE, strict=False):
        row.title, row.emails = title, ["a@b.example", "c@d.example"]
        row.last_scanned_at = timezone.now()
        row.save()
    return rows


@pytest.fixture
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every slice read one part of seven rows."""
    monkeypatch.setattr(download, "CHUNK", 7)
    monkeypatch.setattr(slices, "SLICE_SECONDS", -1.0)
