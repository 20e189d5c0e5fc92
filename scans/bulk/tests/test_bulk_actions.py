"""Bulk actions on rows, a page or all matches; immediately, in slices, after a kill."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from batches import housekeeping
from batches.tests.outcomes import report_of
from conftest import member_of
from scans import results
from scans.bulk import operations, running
from scans.bulk.models import BulkAction, Result
from scans.bulk.operations import Chunk, Operation
from scans.latest_facts import SiteResult
from scans.models import Contact, Domain, DomainTag, Page, Sitemap
from scans.services import ensure_domains
from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.web import slices
from tests.killing import kill_where_it_stops

pytestmark = pytest.mark.django_db
# Messages are queued when the transaction commits.
committed = pytest.mark.django_db(transaction=True)
TASK = "scans.tasks.run_bulk_action"
CURATED = {"domains": Domain, "contacts": Contact, "pages": Page, "sitemaps": Sitemap}


def make(tenant: Tenant, count: int, prefix: str = "d") -> list[Domain]:
    ensure_domains(tenant=tenant, hosts=[f"{prefix}{number:03}.example" for number in range(count)])
    rows = Domain.objects.filter(tenant=tenant, host__startswith=prefix)
    return list(rows.order_by("host"))


def post(client: Client, url: str, **sent: Any) -> str:
    return client.post(url, sent, follow=True).content.decode()


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def tagged(name: str = "VIP") -> list[str]:
    rows = DomainTag.objects.filter(tag__name=name).order_by("domain__host")
    return list(rows.values_list("domain__host", flat=True))


def queued() -> list[str]:
    """Dequeue all slices; return the ids of their actions."""
    messages = list(OrmQ.objects.all())
    OrmQ.objects.all().delete()
    return [message.args()[0] for message in messages if message.func() == TASK]


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Process more than three rows in the background, in chunks of four, one per task."""
    monkeypatch.setattr(running, "AT_ONCE", 3)
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0)
    monkeypatch.setattr(operations, "CHUNK", 4)


def run_all() -> int:
    """Run queued slices until none is left; return how many ran."""
    slices = 0
    while ids := queued():
        for pk in ids:
            running.WORK.run_slice(BulkAction.objects.get(pk=pk).pk)
            slices += 1
    return slices


# Selections


def test_selected_rows_are_tagged_and_untagged(console: Client, default_tenant: Tenant) -> None:
    rows = make(default_tenant, 4)
    pick = [rows[0].pk, rows[2].pk]
    assert "2 domains tagged “VIP”, “to call”." in post(
        console, "/domains/tag/", pick=pick, tags="VIP, to call"
    )
    assert tagged() == tagged("to call") == ["d000.example", "d002.example"]
    page = post(console, "/domains/tag/", pick=[row.pk for row in rows[:2]], tags="vip")
    assert "1 domain tagged “vip”. 1 had that already." in page
    page = post(console, "/domains/untag/", all="1", tags="VIP")
    assert "“VIP” removed from 3 domains. 1 did not have that." in page
    assert tagged() == []


def test_all_that_match_are_taken_beyond_the_page(console: Client, default_tenant: Tenant) -> None:
    make(default_tenant, 70)
    make(default_tenant, 5, "other")
    page = post(console, "/domains/tag/", all="1", query="q=d0&sort=-host", tags="VIP")
    assert "70 domains tagged" in page
    assert len(tagged()) == 70


@pytest.mark.parametrize("name", CURATED)
def test_every_curated_list_sets_the_status_of_selected_rows(
    console: Client, default_tenant: Tenant, user: User, name: str
) -> None:
    for domain in make(default_tenant, 3):
        report = report_of(domain.host).as_dict()
        result = SiteResult(default_tenant.pk, domain.pk, None, report, domain.pk)
        results.save([result], [], now=timezone.now())
    model: Any = CURATED[name]
    rows = list(model.objects.order_by("pk"))
    url = f"/{name}/curate/"
    post(console, url, pick=[rows[0].pk], curation="selected")
    assert model.objects.get(curation="selected") == rows[0]
    page = post(console, url, all="1", curation="selected", query="")
    assert f"{len(rows) - 1} {name} set to “Selected”. 1 had that status already." in page
    assert {row.curated_by for row in model.objects.all()} == {user}
    assert "Choose one of the curation statuses." in post(console, url, all="1", curation="x")


def test_the_list_comes_back_as_it_was_shown(console: Client, default_tenant: Tenant) -> None:
    rows = make(default_tenant, 1)
    sent = {"pick": [rows[0].pk], "tags": "VIP", "query": "q=d", "back": "q=d&columns=host"}
    response = console.post("/domains/tag/", sent)
    assert response.headers["Location"] == "/domains/?q=d&columns=host"


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"pick": "nonsense"},
        {"all": "1", "query": "status=blue"},
        {"all": "1", "query": "q=nowhere.example"},
    ],
)
def test_an_empty_selection_and_an_unreadable_filter_do_nothing(
    console: Client, default_tenant: Tenant, sent: dict[str, str]
) -> None:
    make(default_tenant, 2)
    assert "Select at least one domain." in post(console, "/domains/tag/", tags="VIP", **sent)
    assert not BulkAction.objects.exists()
    assert tagged() == []


def test_tags_that_cannot_be_read_are_refused(console: Client, default_tenant: Tenant) -> None:
    make(default_tenant, 2)
    assert "Type at least one tag." in post(console, "/domains/tag/", all="1", tags=" , ")
    assert not BulkAction.objects.exists()


@committed
def test_a_filter_on_what_the_action_changes_still_takes_every_row(
    console: Client, default_tenant: Tenant, few_at_once: None
) -> None:
    make(default_tenant, 11)
    post(console, "/domains/curate/", all="1", query="curation=new", curation="maybe")
    run_all()
    assert Domain.objects.filter(curation="maybe").count() == 11


# In the background


@committed
def test_many_rows_are_done_in_slices_with_progress_and_result(
    console: Client, default_tenant: Tenant, user: User, few_at_once: None
) -> None:
    make(default_tenant, 10)
    response = console.post("/domains/tag/", {"all": "1", "tags": "VIP"})
    action = BulkAction.objects.get()
    page_url = f"/actions/{action.pk}/"
    assert response.headers["Location"] == page_url
    assert (action.tenant, action.created_by, action.status) == (default_tenant, user, "pending")
    assert "hx-get" in console.get(page_url).content.decode()
    (pk,) = queued()
    running.WORK.run_slice(action.pk)
    assert pk == str(action.pk)
    assert len(tagged()) == 4
    htmx = {"HX-Request": "true"}
    fragment = console.get(f"{page_url}progress/", headers=htmx).content.decode()
    assert "4 of 10 done." in fragment
    assert "Tagging domains: 40 %" in console.get("/domains/").content.decode()
    assert run_all() == 2
    page = console.get(page_url).content.decode()
    assert "10 of 10 done. 10 domains tagged “VIP”." in page
    assert "hx-get" not in page.split('id="action"')[1].split("</section>")[0]
    assert "Tagging domains" not in console.get("/domains/").content.decode()
    assert "Tagging domains" in console.get("/actions/").content.decode()


@committed
def test_small_actions_that_take_too_long_go_on_in_the_background(
    console: Client, default_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "AT_ONCE_SECONDS", 0)
    monkeypatch.setattr(operations, "CHUNK", 4)
    make(default_tenant, 10)
    post(console, "/domains/tag/", all="1", tags="VIP")
    assert len(tagged()) == 4
    run_all()
    assert len(tagged()) == 10


@committed
def test_a_large_selection_is_scanned_and_queued_in_the_background(
    console: Client, default_tenant: Tenant, few_at_once: None
) -> None:
    make(default_tenant, 9)
    post(console, "/domains/sitemaps/", all="1")
    post(console, "/domains/scan/", all="1")
    run_all()
    assert Domain.objects.filter(sitemap_analysis_status="queued").count() == 9
    scan = BulkAction.objects.get(operation="scan")
    assert scan.result["domains"] == 9
    page = console.get(f"/actions/{scan.pk}/").content.decode()
    assert f'href="/batches/{scan.result["batches"][0]}/"' in page


@committed
def test_an_action_can_be_stopped_and_keeps_what_it_did(
    console: Client, default_tenant: Tenant, few_at_once: None
) -> None:
    make(default_tenant, 10)
    post(console, "/domains/tag/", all="1", tags="VIP")
    action = BulkAction.objects.get()
    running.WORK.run_slice(action.pk)
    assert "The action is stopped." in post(console, f"/actions/{action.pk}/stop/")
    assert "already ended" in post(console, f"/actions/{action.pk}/stop/")
    run_all()
    action.refresh_from_db()
    assert (action.status, action.done, len(tagged())) == ("cancelled", 4, 4)


def operation_of(apply: Callable[[Chunk], Result], monkeypatch: pytest.MonkeyPatch) -> Operation:
    """Return a custom operation on domains."""
    operation = Operation(
        name="test",
        list_name="domains",
        doing="Testing",
        apply=apply,
        sentence=lambda result, params: f"{result['rows']} rows.",
        chunk=lambda: 4,
    )
    monkeypatch.setitem(operations._OPERATIONS, ("domains", "test"), operation)
    return operation


def begin(tenant: Tenant, user: User | None, **columns: Any) -> BulkAction:
    row: dict[str, Any] = {"tenant": tenant, "created_by": user, "list_name": "domains"}
    return BulkAction.objects.create(**row, operation="test", takes_all=True, **columns)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionDenied("No longer yours."), "No longer yours."),
        (RuntimeError("broken"), "The action failed: RuntimeError: broken"),
    ],
)
def test_an_action_that_cannot_go_on_ends_with_the_reason(
    default_tenant: Tenant,
    user: User,
    console: Client,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    sentence: str,
) -> None:
    make(default_tenant, 6)

    def apply(chunk: Chunk) -> Result:
        Domain.objects.filter(pk__in=chunk.ids).update(note="touched")
        if chunk.rows[0].host != "d000.example":
            raise error
        return {"rows": len(chunk.rows)}

    operation_of(apply, monkeypatch)
    action = begin(default_tenant, user)
    running.WORK.run_slice(action.pk)
    action.refresh_from_db()
    assert (action.status, action.done, action.error) == ("failed", 4, sentence)
    assert Domain.objects.filter(note="touched").count() == 4
    assert sentence in console.get(f"/actions/{action.pk}/").content.decode()


def test_an_action_ends_when_its_account_may_no_longer_write(
    default_tenant: Tenant, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(default_tenant, 6)
    operation_of(lambda chunk: pytest.fail("It wrote."), monkeypatch)
    viewer, closed = (
        begin(default_tenant, user),
        begin(default_tenant, member_of(default_tenant, "x")),
    )
    gone, unknown = begin(default_tenant, None), begin(default_tenant, user)
    BulkAction.objects.filter(pk=unknown.pk).update(operation="nonsense")
    User.objects.filter(username="x").update(is_active=False)
    Membership.objects.filter(user=user).update(role=Membership.Role.VIEWER)
    for action in (viewer, closed, gone, unknown):
        running.WORK.run_slice(action.pk)
        action.refresh_from_db()
        assert (action.status, action.done) == ("failed", 0)
        assert action.error


# Killed and doubled processes


@committed
def test_the_keeper_queues_an_action_that_nobody_works_on(
    default_tenant: Tenant, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation_of(lambda chunk: {}, monkeypatch)
    action = begin(default_tenant, user)
    housekeeping.keep()
    assert queued() == []
    long_ago = timezone.now() - timedelta(minutes=2)
    BulkAction.objects.filter(pk=action.pk).update(updated_at=long_ago)
    housekeeping.keep()
    housekeeping.keep()
    assert queued() == [str(action.pk)]


@committed
def test_a_killed_process_loses_no_row_and_repeats_none(
    default_tenant: Tenant, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(default_tenant, 11)
    stops: list[Callable[[], None]] = []

    def apply(chunk: Chunk) -> Result:
        for row in chunk.rows:
            Domain.objects.filter(pk=row.pk).update(note=row.host)
        if stops and chunk.rows[0].host == "d004.example":
            stops[0]()
        return {"rows": len(chunk.rows)}

    def work(stop: Callable[[], None]) -> None:
        stops.append(stop)
        running.WORK.run_slice(action.pk)

    operation_of(apply, monkeypatch)
    action = begin(default_tenant, user)
    kill_where_it_stops(work)
    action.refresh_from_db()
    assert (action.status, action.done) == ("running", 4)
    assert Domain.objects.exclude(note="").count() == 4
    running.WORK.run_slice(action.pk)
    action.refresh_from_db()
    assert (action.status, action.done, action.result) == ("complete", 11, {"rows": 11})
    assert Domain.objects.exclude(note="").count() == 11


def test_a_message_that_is_delivered_twice_repeats_no_chunk(
    default_tenant: Tenant, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(default_tenant, 11)
    seen: list[str] = []

    def apply(chunk: Chunk) -> Result:
        seen.extend(row.host for row in chunk.rows)
        return {"rows": len(chunk.rows)}

    operation_of(apply, monkeypatch)
    action = begin(default_tenant, user)
    read = running._next_rows

    def read_while_another_runs(*args: Any) -> Any:
        page = read(*args)
        monkeypatch.setattr(running, "_next_rows", read)
        running.WORK.run(action.pk, until=0)
        return page

    monkeypatch.setattr(running, "_next_rows", read_while_another_runs)
    running.WORK.run_slice(action.pk)
    assert len(seen) == len(set(seen)) == 11
    action.refresh_from_db()
    assert (action.status, action.done) == ("complete", 11)


def test_the_database_refuses_states_that_cannot_be(default_tenant: Tenant, user: User) -> None:
    action = begin(default_tenant, user)
    rows = BulkAction.objects.filter(pk=action.pk)
    for columns in (
        {"status": "nonsense"},
        {"status": "complete"},
        {"finished_at": timezone.now()},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**columns)


# Who may


def test_nobody_from_outside_selects_sees_or_stops_anything(
    default_tenant: Tenant, stranger: User, user: User, few_at_once: None
) -> None:
    rows = make(default_tenant, 5)
    client = logged_in(stranger)
    for name in ("tag", "untag", "curate", "sitemaps", "scan"):
        for sent in ({"all": "1"}, {"pick": [row.pk for row in rows]}):
            page = post(client, f"/domains/{name}/", tags="VIP", curation="maybe", **sent)
            assert "Select at least one domain." in page
    assert not BulkAction.objects.exists()
    console = logged_in(user)
    post(console, "/domains/tag/", all="1", tags="VIP")
    action = BulkAction.objects.get()
    for url in (f"/actions/{action.pk}/", f"/actions/{action.pk}/progress/"):
        assert client.get(url, headers={"HX-Request": "true"}).status_code == 404
    assert client.post(f"/actions/{action.pk}/stop/").status_code == 404
    assert str(action.pk) not in client.get("/actions/").content.decode()
    assert "Tagging" not in client.get("/domains/").content.decode()


def test_a_viewer_starts_and_stops_nothing(default_tenant: Tenant, user: User) -> None:
    rows = make(default_tenant, 2)
    action = begin(default_tenant, user)
    viewer = member_of(default_tenant, "viewer")
    Membership.objects.filter(user=viewer).update(role=Membership.Role.VIEWER)
    client = logged_in(viewer)
    sent = {"pick": [rows[0].pk], "tags": "VIP", "curation": "maybe"}
    for name in ("tag", "untag", "curate", "sitemaps", "scan"):
        assert client.post(f"/domains/{name}/", sent).status_code == 403
    assert client.post(f"/actions/{action.pk}/stop/").status_code == 403
    assert client.get(f"/actions/{action.pk}/").status_code == 200
    assert 'id="bulk"' not in client.get("/domains/").content.decode()


def test_each_tenant_has_an_action_of_its_own(
    console: Client, default_tenant: Tenant, other_tenant: Tenant, user: User
) -> None:
    make(default_tenant, 2)
    make(other_tenant, 3)
    looked_at = Tenant.objects.create(name="Looked at")
    make(looked_at, 1)
    Membership.objects.create(user=user, tenant=other_tenant, role=Membership.Role.MEMBER)
    Membership.objects.create(user=user, tenant=looked_at, role=Membership.Role.VIEWER)
    assert "5 domains tagged" in post(console, "/domains/tag/", all="1", tags="VIP")
    done = dict(BulkAction.objects.values_list("tenant", "done"))
    assert done == {default_tenant.pk: 2, other_tenant.pk: 3}
    assert "5 had that already" in post(
        console, "/domains/tag/", pick=[row.pk for row in Domain.objects.all()], tags="VIP"
    )
