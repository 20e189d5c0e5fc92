"""Exports of a saved view: each user's next one has what is new or changed since their last."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from batches import background_exports, view_exports
from batches.background_exports import create_export, run_slice
from batches.models import Export, ViewExport
from batches.tests.api_clients import program_of
from conftest import member_of
from scans.lists import DOMAINS
from scans.models import Domain
from scans.services import ensure_domains
from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.tenants.preferences import SavedView
from scrapersky.web import slices
from scrapersky.web.lists import ListQuery, QueryTooSlow, download
from scrapersky.web.lists.formats import Format
from scrapersky.web.lists.outputs import Output

pytestmark = pytest.mark.django_db
HOSTS = [f"s{number}.example" for number in range(5)]


@pytest.fixture
def view(settings: Any, tmp_path: Path, user: User, monkeypatch: pytest.MonkeyPatch) -> SavedView:
    """Return a shared view of domains with three columns, one of which every scan updates."""
    settings.EXPORT_DIR = str(tmp_path / "exports")
    monkeypatch.setattr(slices, "async_task", lambda *args, **kwargs: None)
    tenant = Tenant.objects.get(memberships__user=user)
    ensure_domains(tenant=tenant, hosts=HOSTS)
    columns = ["host", "title", "last_scanned_at"]
    return SavedView.objects.create(
        tenant=tenant, owner=user, list_name="domains", name="All", columns=columns, is_shared=True
    )


def changes(client: Client, view: SavedView, **fields: str) -> list[str]:
    """Export what is new or changed; return the hosts."""
    sent = {"format": "jsonl", "only_changes": "1", **fields}
    response: Any = client.post(f"/exports/views/{view.pk}/file/", sent)
    lines = b"".join(response.streaming_content).decode().splitlines()
    return [json.loads(line)["host"] for line in lines]


def test_a_second_export_in_a_row_is_empty(console: Client, view: SavedView) -> None:
    assert changes(console, view) == HOSTS
    assert changes(console, view) == []


def test_an_export_holds_new_and_changed_rows_alone(console: Client, view: SavedView) -> None:
    changes(console, view)
    ensure_domains(tenant=view.tenant, hosts=["new.example"])
    Domain.objects.filter(host="s1.example").update(title="Another")
    Domain.objects.filter(host="s2.example").update(last_scanned_at=timezone.now(), language="de")
    assert changes(console, view) == ["new.example", "s1.example"]


def test_a_row_that_comes_to_match_the_filter_is_new(console: Client, view: SavedView) -> None:
    SavedView.objects.update(query="language=de")
    assert changes(console, view) == []
    Domain.objects.filter(host="s3.example").update(language="de")
    assert changes(console, view) == ["s3.example"]


def test_the_formats_and_recipes_of_a_view_share_its_baseline(
    console: Client, view: SavedView
) -> None:
    changes(console, view)
    response: Any = console.post(
        f"/exports/views/{view.pk}/file/", {"format": "hubspot", "only_changes": "1"}
    )
    assert b"".join(response.streaming_content).count(b"\r\n") == 1  # the head alone


def test_the_baseline_can_be_set_back_to_an_earlier_export(
    console: Client, view: SavedView
) -> None:
    changes(console, view)
    Domain.objects.filter(host="s1.example").update(title="Second")
    changes(console, view)
    Domain.objects.filter(host="s4.example").update(title="Third")
    changes(console, view)
    page = console.get(f"/exports/views/{view.pk}/").content.decode()
    assert "since export 3" in page
    console.post(f"/exports/views/{view.pk}/baseline/", {"number": "2"})
    assert changes(console, view) == ["s4.example"]
    console.post(f"/exports/views/{view.pk}/baseline/", {"number": "1"})
    assert changes(console, view) == ["s1.example", "s4.example"]
    assert changes(console, view) == []
    reset = console.post(f"/exports/views/{view.pk}/baseline/", {"number": "0"}, follow=True)
    assert "The next export has all rows." in reset.content.decode()
    assert changes(console, view) == HOSTS
    assert "Export all rows next time" in console.get(f"/exports/views/{view.pk}/").content.decode()


def test_a_row_that_has_its_earlier_values_again_is_as_the_earlier_export_had_it(
    console: Client, view: SavedView
) -> None:
    for title in ("First", "Second", "First"):
        Domain.objects.filter(host="s1.example").update(title=title)
        changes(console, view)
    console.post(f"/exports/views/{view.pk}/baseline/", {"number": "1"})
    assert changes(console, view) == []
    console.post(f"/exports/views/{view.pk}/baseline/", {"number": "2"})
    assert changes(console, view) == ["s1.example"]


def test_going_back_and_forth_between_baselines_exports_nothing_twice(
    console: Client, view: SavedView
) -> None:
    changes(console, view)
    Domain.objects.filter(host="s1.example").update(title="Second")
    assert changes(console, view) == ["s1.example"]
    console.post(f"/exports/views/{view.pk}/baseline/", {"number": "1"})
    assert changes(console, view) == ["s1.example"]
    console.post(f"/exports/views/{view.pk}/baseline/", {"number": "2"})
    assert changes(console, view) == []


def test_exports_after_the_one_that_was_reset_to_do_not_count(
    console: Client, view: SavedView
) -> None:
    changes(console, view)
    Domain.objects.filter(host="s1.example").update(title="B")
    assert changes(console, view) == ["s1.example"]
    Domain.objects.filter(host="s1.example").update(title="")
    console.post(f"/exports/views/{view.pk}/baseline/", {"number": "1"})
    assert changes(console, view) == []
    Domain.objects.filter(host="s1.example").update(title="B")
    assert changes(console, view) == ["s1.example"]


def test_exports_before_starting_over_do_not_count(console: Client, view: SavedView) -> None:
    SavedView.objects.update(query="q=s")
    changes(console, view)
    console.post(f"/exports/views/{view.pk}/baseline/", {"number": "0"})
    Domain.objects.filter(host="s1.example").update(host="x1.example")
    assert "s1.example" not in changes(console, view)
    Domain.objects.filter(host="x1.example").update(host="s1.example")
    assert changes(console, view) == ["s1.example"]


def test_what_an_export_that_never_ended_had_is_still_new(console: Client, view: SavedView) -> None:
    SavedView.objects.update(query="q=s")
    Domain.objects.filter(host="s1.example").update(title="Lost")
    response: Any = console.post(
        f"/exports/views/{view.pk}/file/", {"format": "jsonl", "only_changes": "1"}
    )
    next(response.streaming_content)  # the rows were on their way when the client went
    Domain.objects.filter(host="s1.example").update(host="x1.example")
    assert "s1.example" not in changes(console, view)
    Domain.objects.filter(host="x1.example").update(host="s1.example")
    assert changes(console, view) == ["s1.example"]


def test_every_export_of_an_opened_view_counts(console: Client, view: SavedView) -> None:
    page = console.get(f"/domains/?view={view.pk}", follow=True).content.decode()
    assert f'action="/exports/views/{view.pk}/file/"' in page
    console.post(f"/exports/views/{view.pk}/file/", {"format": "csv"}).getvalue()
    assert changes(console, view) == []
    page = console.get(f"/domains/?view={view.pk}&q=s1").content.decode()
    assert f'action="/exports/views/{view.pk}/file/"' not in page


def test_a_view_whose_filter_no_longer_works_exports_nothing(
    console: Client, view: SavedView
) -> None:
    SavedView.objects.update(query="verdict=removed")
    response = console.post(f"/exports/views/{view.pk}/file/", {"format": "csv"})
    assert response.status_code == 422
    assert "“removed” is not one of" in response.content.decode()
    assert not ViewExport.objects.exists()


def test_each_user_has_a_baseline_of_their_own(
    console: Client, view: SavedView, stranger: User
) -> None:
    changes(console, view)
    colleague = Client()
    colleague.force_login(member_of(view.tenant, "colleague"))
    assert changes(colleague, view) == HOSTS
    outsider = Client()
    outsider.force_login(stranger)
    assert outsider.post(f"/exports/views/{view.pk}/file/", {"format": "csv"}).status_code == 404


def test_an_export_that_never_ended_is_no_baseline(console: Client, view: SavedView) -> None:
    response: Any = console.post(
        f"/exports/views/{view.pk}/file/", {"format": "jsonl", "only_changes": "1"}
    )
    next(response.streaming_content)  # the client went away
    assert changes(console, view) == HOSTS


def test_a_killed_slice_repeats_its_changes(
    user: User, view: SavedView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "CHUNK", 2)
    monkeypatch.setattr(slices, "SLICE_SECONDS", -1.0)
    export = create_export(
        user=user,
        definition=DOMAINS,
        query="",
        columns=["host"],
        output=Output(Format.CSV),
        view=view,
        only_changes=True,
    )
    assert export.view_export
    run_slice(str(export.pk))
    rows = list(Domain.objects.order_by("host")[2:4])
    view_exports.Changes(export.view_export).pick(rows)  # and then the worker was killed
    while Export.objects.get().is_active:
        run_slice(str(export.pk))
    assert export.path.read_text().split() == ["host", *HOSTS]
    assert ViewExport.objects.baseline(view, user) == export.view_export


def test_an_export_of_changes_ends_where_its_view_is_deleted(user: User, view: SavedView) -> None:
    wanted: dict[str, Any] = {"definition": DOMAINS, "query": "", "columns": ["host"]}
    export = create_export(
        user=user, output=Output(Format.CSV), view=view, only_changes=True, **wanted
    )
    view.delete()
    run_slice(str(export.pk))
    export.refresh_from_db()
    assert (export.status, export.row_count) == ("failed", 0)
    assert "view was deleted" in export.error


def test_the_api_exports_changes_and_sets_the_baseline(user: User, view: SavedView) -> None:
    program = program_of(user)

    def export() -> dict[str, Any]:
        body = {"view": str(view.pk), "only_changes": True, "format": "jsonl"}
        created = program.post("/api/v3/exports", body, content_type="application/json")
        assert created.status_code == 201, created.content
        run_slice(created.json()["export_id"])
        done: dict[str, Any] = program.get(f"/api/v3/exports/{created.json()['export_id']}").json()
        return done

    assert [export()["rows"], export()["rows"]] == [5, 0]
    latest, first = program.get(f"/api/v3/exports/views/{view.pk}").json()
    assert (latest["is_baseline"], first["is_baseline"], first["rows"]) == (True, False, 5)
    Domain.objects.filter(host="s0.example").update(title="Another")
    assert export()["rows"] == 1
    url = f"/api/v3/exports/views/{view.pk}/baseline"
    json_type: Any = {"content_type": "application/json"}
    assert program.post(url, {"number": latest["number"]}, **json_type).status_code == 204
    assert program.post(url, {"number": 77}, **json_type).status_code == 422
    done = export()
    assert (done["rows"], done["compared_with"], done["view"]) == (1, 2, str(view.pk))


def test_the_api_refuses_what_no_view_is_named_for(user: User, view: SavedView) -> None:
    for body in ({"list": "domains", "only_changes": True}, {"list": "domains", "view": view.pk}):
        response = program_of(user).post("/api/v3/exports", body, content_type="application/json")
        assert response.status_code == 422


def test_the_command_exports_changes(user: User, view: SavedView, tmp_path: Path) -> None:
    file = tmp_path / "changes.csv"
    params: dict[str, Any] = {"user": user.username, "view": "All", "only_changes": True}
    for expected in (6, 1):  # with the head
        call_command("export", "domains", str(file), stderr=io.StringIO(), **params)
        assert len(file.read_text().splitlines()) == expected
    with pytest.raises(CommandError, match="name the view"):
        call_command("export", "domains", str(file), user=user.username, only_changes=True)
    with pytest.raises(CommandError, match="no view"):
        call_command("export", "domains", str(file), user=user.username, view="None")


def test_a_large_view_is_exported_in_the_background(
    console: Client, view: SavedView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batches.views.exports.MOST_STREAMED", 2)
    sent = {"format": "csv", "only_changes": "1"}
    response = console.post(f"/exports/views/{view.pk}/file/", sent)
    assert response.headers["Location"] == "/exports/"
    export = Export.objects.get()
    background_exports.run_slice(str(export.pk))
    page = console.get("/exports/").content.decode()
    assert "All" in page
    assert "Complete" in page


def test_a_member_of_two_tenants_chooses_whose_rows_of_a_large_view_are_exported(
    console: Client,
    view: SavedView,
    user: User,
    other_tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Membership.objects.create(user=user, tenant=other_tenant, role=Membership.Role.MEMBER)
    ensure_domains(tenant=other_tenant, hosts=["second.example"])
    monkeypatch.setattr("batches.views.exports.MOST_STREAMED", 2)
    url, sent = f"/exports/views/{view.pk}/file/", {"format": "csv", "only_changes": "1"}
    page = console.post(url, sent).content.decode()
    assert f'action="{url}"' in page
    assert f'<option value="{view.tenant_id}" selected>' in page
    assert not Export.objects.exists()
    wrong = console.post(url, {**sent, "tenant": "second"}, follow=True)
    assert "Choose one of your tenants." in wrong.content.decode()
    assert '<input type="hidden" name="only_changes" value="1">' in page
    console.post(url, {**sent, "tenant": str(other_tenant.pk)})
    export = Export.objects.get()
    assert (export.tenant, export.only_changes) == (other_tenant, True)
    run_slice(str(export.pk))
    assert "second.example" in export.path.read_text()


def test_a_large_view_with_a_removed_column_says_why_it_is_not_exported(
    console: Client, view: SavedView, monkeypatch: pytest.MonkeyPatch
) -> None:
    SavedView.objects.update(columns=["host", "removed"])
    monkeypatch.setattr("batches.views.exports.MOST_STREAMED", 2)
    sent = {"format": "csv"}
    page = console.post(f"/exports/views/{view.pk}/file/", sent, follow=True).content.decode()
    assert "There is no column “removed”." in page
    assert not ViewExport.objects.exists()


@pytest.mark.parametrize("kind", list(Format))
def test_a_download_that_takes_too_long_says_so_before_it_starts(
    console: Client, view: SavedView, kind: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(*args: Any, **kwargs: Any) -> None:
        raise QueryTooSlow("This order takes too long.")

    monkeypatch.setattr(ListQuery, "page", too_slow)
    of_view = console.post(f"/exports/views/{view.pk}/file/", {"format": kind.value})
    of_list = console.get(f"/exports/list/domains/?format={kind.value}")
    for response in (of_view, of_list):
        assert (response.status_code, response.content) == (422, b"This order takes too long.")
    assert not ViewExport.objects.complete().exists()
