"""`manage.py create_batch` and `manage.py batch`."""

import io
import json
import sys
import time
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from batches import terminal
from batches.models import Batch, Job
from batches.services import create_batch
from batches.tests.outcomes import complete, fail
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def domains(tmp_path: Path) -> str:
    """Return the path of a list with two domains and one invalid line."""
    path = tmp_path / "domains.txt"
    path.write_text("https://A.example/\nlocalhost\n\nb.example, a.example\n")
    return str(path)


def run(*arguments: str) -> tuple[str, str, int]:
    """Return what a command printed on stdout and stderr, and its exit code."""
    out, err = StringIO(), StringIO()
    code = 0
    try:
        call_command(*arguments, stdout=out, stderr=err)
    except SystemExit as end:
        code = int(end.code or 0)
    return out.getvalue(), err.getvalue(), code


def hosts_of(batch: Batch) -> list[str]:
    return list(batch.jobs.order_by("position").values_list("domain__host", flat=True))


def work(monkeypatch: pytest.MonkeyPatch, *, failing: str = "") -> None:
    """End a job whenever the waiting command would sleep."""

    def end_one(_: float) -> None:
        job = Job.objects.filter(status=Job.Status.PENDING).order_by("position").first()
        if job is not None and job.domain is not None:
            fail(job, "tls_error", "No.") if job.domain.host == failing else complete(job)

    monkeypatch.setattr(time, "sleep", end_one)


def test_a_file_becomes_a_batch_and_its_id_is_printed_alone(domains: str) -> None:
    out, err, code = run("create_batch", domains, "--name", "Bakers", "--max-pages", "9")
    batch = Batch.objects.get(pk=UUID(out.strip()))
    assert code == 0
    assert hosts_of(batch) == ["a.example", "b.example"]
    assert (batch.name, batch.scan_options.max_pages, batch.created_by) == ("Bakers", 9, None)
    assert "line 2: 'localhost': " in err


def test_a_csv_is_read_by_its_column(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("name,shop,office\nOne,shop.example,office.example\n")
    run("create_batch", str(path), "--column", "office")
    assert hosts_of(Batch.objects.get()) == ["office.example"]


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a.example\nb.example\n")))
    run("create_batch", "-")
    assert hosts_of(Batch.objects.get()) == ["a.example", "b.example"]


def test_json_tells_the_batch_and_what_was_refused(domains: str) -> None:
    out, _, _ = run("create_batch", domains, "--json")
    summary = json.loads(out)
    assert summary["batch_id"] == str(Batch.objects.get().pk)
    assert (summary["total"], summary["status"], summary["duplicates"]) == (2, "pending", 1)
    assert [(line["line"], line["value"]) for line in summary["invalid"]] == [(2, "localhost")]


def test_of_many_bad_lines_the_first_thousand_are_printed_and_the_rest_counted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "domains.txt"
    path.write_text("a.example\n" + "".join(f"bad{n}\n" for n in range(1_500)))
    out, err, _ = run("create_batch", str(path), "--json")
    assert len([line for line in err.splitlines() if line.startswith("line ")]) == 1_000
    assert "500 more lines were rejected." in err
    result = json.loads(out)
    assert (len(result["invalid"]), result["invalid_count"]) == (1_000, 1_500)
    metadata = Batch.objects.get().metadata
    assert (len(metadata["refused"]), metadata["refused_count"]) == (1_000, 1_500)


def test_a_hostile_list_cannot_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("na\x1b[2Jme,site\nA,a.example\nB,\x1b]0;x\x07b\n")
    _, err, _ = run("create_batch", str(path))
    assert "\x1b" not in err
    assert "line 3: '\\x1b]0;x\\x07b': " in err


def test_waiting_ends_well_when_the_batch_is_complete(
    domains: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(monkeypatch)
    out, _, code = run("create_batch", domains, "--wait")
    assert code == 0
    assert "2 domains: 2 completed, 0 failed" in out


def test_waiting_ends_with_one_when_a_domain_failed(
    domains: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(monkeypatch, failing="b.example")
    out, _, code = run("create_batch", domains, "--wait", "--json")
    assert code == 1
    summary = json.loads(out)
    assert (summary["status"], summary["failures"]) == ("partial", {"tls_error": 1})


def test_who_waits_in_vain_is_told_that_nobody_works(
    domains: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    work(monkeypatch)
    at_work, naps = time.sleep, []

    def late(span: float) -> None:
        naps.append(span)
        if len(naps) > 1:
            at_work(span)

    monkeypatch.setattr(time, "sleep", late)
    monkeypatch.setattr(terminal, "PATIENCE", -1)
    run("create_batch", domains, "--wait")
    assert "Check that `manage.py up` is running." in capsys.readouterr().err


def test_an_interrupted_wait_leaves_the_batch_at_work(
    domains: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    _, err, code = run("create_batch", domains, "--wait")
    assert code == 130
    assert f"manage.py batch {Batch.objects.get().pk} status" in err


def test_a_batch_belongs_to_the_tenant_of_the_user(
    domains: str, stranger: User, other_tenant: Tenant
) -> None:
    run("create_batch", domains, "--user", "stranger")
    batch = Batch.objects.get()
    assert (batch.tenant, batch.created_by) == (other_tenant, stranger)


def test_nothing_is_made_for_a_viewer_or_nobody(domains: str, user: User) -> None:
    Membership.objects.update(role=Membership.Role.VIEWER)
    with pytest.raises(CommandError, match="can view"):
        run("create_batch", domains, "--user", "member")
    with pytest.raises(CommandError, match="no active user named ghost"):
        run("create_batch", domains, "--user", "ghost")
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    ("content", "summary"),
    [
        (None, "No such file"),
        (b"localhost\n", "no domain that can be scanned"),
        (b"", "no domain that can be scanned"),
        (b"PK\x03\x04 a workbook", "damaged"),
    ],
)
def test_a_file_that_holds_no_domain_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes | None, summary: str
) -> None:
    path = tmp_path / "list.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=summary):
        run("create_batch", str(path))
    assert not Batch.objects.exists()


def test_bad_options_and_names_are_refused(domains: str) -> None:
    with pytest.raises(CommandError, match="--max-concurrent: Must be a whole number"):
        run("create_batch", domains, "--max-concurrent", "501")
    with pytest.raises(CommandError, match="at most 200 characters"):
        run("create_batch", domains, "--name", "x" * 201)
    assert not Batch.objects.exists()


def test_the_status_of_a_batch_names_counts_and_causes(default_tenant: Tenant) -> None:
    batch = create_batch(
        tenant=default_tenant, created_by=None, domains=["a.example", "b.example"], name="Two"
    )
    good, bad = batch.jobs.order_by("position")
    complete(good)
    fail(bad, "dns_not_found", "No.")
    out, _, code = run("batch", str(batch.pk), "status")
    assert code == 0
    assert f"Batch {batch.pk} (Two): partial" in out
    assert "2 domains: 1 completed, 1 failed, 0 cancelled; 100% done" in out
    assert "1 failed by dns_not_found" in out
    summary = json.loads(run("batch", str(batch.pk), "status", "--json")[0])
    assert (summary["status"], summary["progress"], summary["total"]) == ("partial", 1, 2)


def test_a_batch_is_asked_after_by_its_legacy_number(default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    Batch.objects.filter(pk=batch.pk).update(legacy_id=310)
    assert str(batch.pk) in run("batch", "310", "status")[0]


@pytest.mark.parametrize(
    ("key", "summary"),
    [
        ("nonsense", "neither a UUID"),
        ("6d9f8a52-0b6e-4f0e-9d0c-3f1f6f0f3a11", "no batch with the id"),
    ],
)
def test_an_unknown_batch_is_a_sentence(key: str, summary: str) -> None:
    with pytest.raises(CommandError, match=summary):
        run("batch", key, "status")
