"""An export whose process is killed has each row once, wherever that happens."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from batches import background_exports, export_files
from batches.models import Export
from batches.tests.background_exports.runs import hosts_in, run_to_end, start
from scans.models import Domain
from scrapersky.tenants.models import User
from scrapersky.web.lists import download
from scrapersky.web.lists.download import Content
from scrapersky.web.lists.formats import Format
from tests.killing import kill_where_it_stops

committed = pytest.mark.django_db(transaction=True)
KINDS = (Format.CSV, Format.JSON_LINES, Format.XLSX)


def killed_while(export: Export, wait: Callable[[Callable[[], None]], None]) -> None:
    """Run a slice in a process of its own, and kill that where it calls what `wait` was given.

    `wait` patches that process alone. Afterwards the lease of the export has run out.
    """

    def work(stop: Callable[[], None]) -> None:
        wait(stop)
        background_exports.run_slice(str(export.pk))

    kill_where_it_stops(work)
    Export.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    export.refresh_from_db()


@committed
@pytest.mark.parametrize("kind", KINDS)
def test_a_process_that_is_killed_between_two_parts_repeats_no_row(
    user: User, domains: list[Domain], kind: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "CHUNK", 7)
    monkeypatch.setattr(export_files, "RECORD_EVERY", -1.0)
    read_parts = Content.parts

    def wait(stop: Callable[[], None]) -> None:
        def parts(content: Content, cursor: str = "") -> Iterator[Any]:
            for number, part in enumerate(read_parts(content, cursor)):
                if number == 3:
                    stop()
                yield part

        monkeypatch.setattr(Content, "parts", parts)

    export = start(user, kind)
    killed_while(export, wait)
    assert export.row_count == (0 if kind is Format.XLSX else 21)
    run_to_end(export)
    assert hosts_in(export) == [domain.host for domain in domains]


@committed
@pytest.mark.parametrize("kind", KINDS)
def test_a_process_that_is_killed_before_the_end_is_recorded_repeats_no_row(
    user: User, domains: list[Domain], kind: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    assemble = export_files.assemble

    def wait(stop: Callable[[], None]) -> None:
        def assembled(export: Export) -> None:
            assemble(export)
            stop()

        monkeypatch.setattr(export_files, "assemble", assembled)

    export = start(user, kind)
    killed_while(export, wait)
    assert (export.status, export.row_count) == ("running", 60)
    run_to_end(export)
    assert (export.status, export.row_count) == ("complete", 60)
    assert hosts_in(export) == [domain.host for domain in domains]


@committed
def test_a_process_that_is_killed_while_it_packs_workbooks_packs_them_again(
    user: User, domains: list[Domain], short_slices: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = start(user, Format.XLSX)
    while not export.is_read:
        background_exports.run_slice(str(export.pk))
        export.refresh_from_db()

    def wait(stop: Callable[[], None]) -> None:
        monkeypatch.setattr(export_files.zipfile.ZipFile, "close", lambda archive: stop())

    killed_while(export, wait)
    run_to_end(export)
    assert export.is_zipped
    assert hosts_in(export) == [domain.host for domain in domains]
    assert [path.name for path in export.folder.glob(f"{export.pk}*")] == [export.path.name]


@pytest.mark.django_db
def test_a_full_disk_ends_a_workbook_with_its_cause(user: User, domains: list[Domain]) -> None:
    export = start(user, Format.XLSX)
    export.folder.mkdir(parents=True, exist_ok=True)
    export.part_path(1).symlink_to("/dev/full")
    run_to_end(export)
    assert export.status == "failed"
    assert "No space left on device" in export.error
    assert list(export.folder.glob(f"{export.pk}*")) == []
