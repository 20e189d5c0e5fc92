"""Page types and verdicts set by a user are shown, filtered and exported instead of the scans'."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from batches.services import create_batch
from batches.tests.outcomes import complete
from scans.corrections.services import correct_page_type, correct_verdict, undo
from scans.corrections.tests.scans import ABOUT, FACTS, HOME, rescan, scan
from scans.engine.report import PageEntry, Verdict
from scans.models import Correction, Domain, Page
from scrapersky.tenants.models import Tenant, User

pytestmark = pytest.mark.django_db
CHALLENGE = {"verdict": Verdict.CHALLENGE, "verdict_evidence": "The page runs a browser check."}


@pytest.fixture
def domain(default_tenant: Tenant) -> Domain:
    return scan(default_tenant, **CHALLENGE)


def about(domain: Domain) -> Page:
    return domain.pages.get(url=ABOUT)


def listed(console: Client, url_name: str, **params: str) -> str:
    return console.get(reverse(url_name), params).content.decode()


def test_a_chosen_verdict_is_shown_and_filtered_instead(
    domain: Domain, user: User, console: Client
) -> None:
    correction = correct_verdict(domain, Verdict.OK, user=user)
    assert correction is not None
    assert (correction.value, correction.right_value, correction.url) == ("challenge", "ok", HOME)
    domain.refresh_from_db()
    assert domain.verdict == "ok"
    assert domain.host in listed(console, "domain_list", verdict="ok")
    assert domain.host not in listed(console, "domain_list", verdict="challenge")
    page = console.get(reverse("domain_detail", args=[domain.pk])).content.decode()
    assert "Chosen by a user instead of Challenge. The scan says: The page runs a browser" in page


def test_a_chosen_verdict_is_exported_instead(
    default_tenant: Tenant, user: User, console: Client
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=user, domains=["a.example"])
    job = complete(batch.jobs.get(), **FACTS | CHALLENGE)
    correct_verdict(Domain.objects.get(), Verdict.OK, user=user)
    status = console.get(f"/api/v3/batch_page_scraper/status/{job.pk}").json()
    assert status["result"]["verdict"] == "ok"
    rows = b"".join(console.get(reverse("batch_csv", args=[batch.pk]))).decode().splitlines()
    column = rows[0].split(",").index("verdict")
    assert rows[1].split(",")[column] == "ok"
    jobs = console.get(reverse("batch_detail", args=[batch.pk])).content.decode()
    assert "Challenge" not in jobs


def test_a_chosen_verdict_survives_rescans(domain: Domain, user: User) -> None:
    correct_verdict(domain, Verdict.OK, user=user)
    rescan(domain, verdict=Verdict.PARKED)
    assert domain.verdict == "ok"
    assert set(domain.scans.values_list("verdict", flat=True)) == {"ok"}


def test_a_chosen_verdict_is_that_of_every_scan_in_lists(
    domain: Domain, user: User, console: Client
) -> None:
    rescan(domain, verdict=Verdict.PARKED)
    correct_verdict(domain, Verdict.OK, user=user)
    for url_name in ("scan_list", "job_list"):
        assert domain.host in listed(console, url_name, verdict="ok")
        assert domain.host not in listed(console, url_name, verdict="challenge")
    report = console.get(f"/api/v3/scans/{domain.latest_scan_id}").json()["report"]
    assert report["verdict"] == "ok"


def test_undo_shows_what_the_last_scan_says(domain: Domain, user: User) -> None:
    correction = correct_verdict(domain, Verdict.OK, user=user)
    assert correction is not None
    rescan(domain, verdict=Verdict.PARKED)
    undo(correction)
    domain.refresh_from_db()
    assert domain.verdict == "parked"
    assert set(domain.scans.values_list("verdict", flat=True)) == {"challenge", "parked"}


def test_choosing_the_verdict_of_the_scan_undoes_the_correction(domain: Domain, user: User) -> None:
    correct_verdict(domain, Verdict.OK, user=user)
    correct_verdict(domain, Verdict.PARKED, user=user)
    assert Correction.objects.get().right_value == "parked"
    assert correct_verdict(domain, Verdict.CHALLENGE, user=user) is None
    domain.refresh_from_db()
    assert domain.verdict == "challenge"
    assert not Correction.objects.exists()


def test_a_chosen_page_type_is_shown_filtered_and_counted_instead(
    domain: Domain, user: User, console: Client
) -> None:
    correction = correct_page_type(about(domain), "team", user=user)
    assert correction is not None
    assert (correction.value, correction.right_value, correction.url) == ("about", "team", ABOUT)
    domain.refresh_from_db()
    assert domain.page_types == {"home": 1, "team": 1}
    assert ABOUT in listed(console, "page_list", type="team")
    assert ABOUT not in listed(console, "page_list", type="about")
    assert domain.host in listed(console, "domain_list", page_type="team")


def test_a_chosen_page_type_survives_rescans(
    domain: Domain, other_tenant: Tenant, user: User
) -> None:
    foreign = scan(other_tenant)
    correct_page_type(about(domain), "team", user=user)
    rescan(domain)
    rescan(foreign)
    assert about(domain).page_type == "team"
    assert about(foreign).page_type == "about"


def test_a_chosen_page_type_waits_for_a_page_that_comes_back(domain: Domain, user: User) -> None:
    correct_page_type(about(domain), "team", user=user)
    rescan(domain, days=7, pages=(PageEntry(HOME, page_type="home"),))
    rescan(domain, days=14)
    assert about(domain).page_type == "team"
    assert about(domain).gone_at is None


def test_undo_restores_the_type_of_the_page(domain: Domain, user: User) -> None:
    correct_page_type(about(domain), "team", user=user)
    correct_page_type(about(domain), "blog", user=user)
    undo(Correction.objects.get())
    domain.refresh_from_db()
    assert about(domain).page_type == "about"
    assert domain.page_types == {"about": 1, "home": 1}


def test_choosing_the_type_of_the_scan_undoes_the_correction(domain: Domain, user: User) -> None:
    correct_page_type(about(domain), "team", user=user)
    assert correct_page_type(about(domain), "about", user=user) is None
    assert about(domain).page_type == "about"
    assert not Correction.objects.exists()


def test_only_values_of_the_lists_can_be_chosen(domain: Domain, user: User) -> None:
    with pytest.raises(ValidationError, match="not a page type"):
        correct_page_type(about(domain), "shop window", user=user)
    with pytest.raises(ValidationError, match="not a verdict"):
        correct_verdict(domain, "fine", user=user)
    assert not Correction.objects.exists()


def test_a_chosen_verdict_leaves_the_contacts_of_the_scan(domain: Domain, user: User) -> None:
    before = list(domain.contacts.visible().values_list("value"))
    correct_verdict(domain, Verdict.OK, user=user)
    assert list(domain.contacts.visible().values_list("value")) == before
