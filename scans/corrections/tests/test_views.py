"""The buttons of a domain's page, with htmx and without."""

import pytest
from django.test import Client
from django.urls import reverse

from scans.corrections.services import mark_wrong
from scans.corrections.tests.scans import ABOUT, RIGHT, WRONG, scan
from scans.engine.report import Verdict
from scans.models import Correction, Domain
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def domain(default_tenant: Tenant) -> Domain:
    return scan(default_tenant)


def url_of(domain: Domain) -> str:
    return reverse("domain_correct", args=[domain.pk])


def page(client: Client, domain: Domain) -> str:
    return client.get(reverse("domain_detail", args=[domain.pk])).content.decode()


def undo(client: Client, domain: Domain, correction: object) -> int:
    """Press the button, and return the status of the response."""
    url = reverse("domain_undo_correction", args=[domain.pk])
    return client.post(url, {"correction": correction}).status_code


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_one_click_hides_a_contact(
    console: Client, domain: Domain, user: User, headers: dict[str, str]
) -> None:
    row = domain.contacts.get(value=WRONG)
    form = {"kind": "contact", "row": row.pk, "place": "contacts"}
    answer = console.post(url_of(domain), form, headers=headers)
    assert answer.status_code == 302
    assert answer["Location"] == reverse("domain_detail", args=[domain.pk]) + "#contacts"
    assert domain.contacts.visible().get(kind="email").value == RIGHT
    correction = Correction.objects.get()
    assert (correction.domain, correction.created_by) == (domain, user)
    assert f"{WRONG} is hidden on a.example and stays hidden" in page(console, domain)


def test_one_click_hides_a_technology_everywhere(
    console: Client, domain: Domain, default_tenant: Tenant
) -> None:
    other = scan(default_tenant, "b.example")
    row = domain.technology_rows.get(name="Shopify")
    console.post(url_of(domain), {"kind": "technology", "row": row.pk, "in_tenant": "on"})
    assert Correction.objects.get().domain is None
    assert other.technology_rows.visible().get().name == "WordPress"
    assert "Shopify is hidden everywhere and stays hidden in later scans." in page(console, domain)
    assert "is wrong everywhere" in page(console, other)


def test_the_menus_choose_a_page_type_and_a_verdict(console: Client, domain: Domain) -> None:
    row = domain.pages.get(url=ABOUT)
    answer = console.post(
        f"{url_of(domain)}?type=about&page=1",
        {"kind": "page_type", "row": row.pk, "right_value": "team", "place": "pages"},
    )
    assert answer["Location"].endswith("?type=about&page=1#pages")
    console.post(url_of(domain), {"kind": "verdict", "right_value": Verdict.PARKED})
    domain.refresh_from_db()
    assert domain.verdict == "parked"
    assert domain.pages.get(url=ABOUT).page_type == "team"
    shown = page(console, domain)
    assert "a.example is shown as parked from now on." in shown
    assert '<option value="team" selected>' in shown
    assert '<option value="parked" selected>' in shown


def test_a_correction_is_undone_from_the_page(
    console: Client, domain: Domain, user: User, default_tenant: Tenant
) -> None:
    other = scan(default_tenant, "b.example")
    marks = [
        mark_wrong(domain.contacts.get(value=WRONG), user=user),
        mark_wrong(domain.technology_rows.get(name="Shopify"), user=user, in_tenant=True),
    ]
    assert "Undo: Technology Shopify is wrong" in page(console, other)
    for mark in marks:
        assert undo(console, domain, mark.pk) == 302
    assert not Correction.objects.exists()
    assert domain.contacts.visible().filter(value=WRONG).exists()
    assert undo(console, domain, mark.pk) == 302  # once more, as a double click does
    assert undo(console, domain, "seven") == 302


def test_every_result_has_its_buttons(console: Client, domain: Domain) -> None:
    shown = page(console, domain)
    for row in (*domain.contacts.all(), *domain.technology_rows.all(), *domain.pages.all()):
        assert f'name="row" value="{row.pk}"' in shown
    assert f'action="{url_of(domain)}"' in shown
    assert f'aria-label="Mark {WRONG} as wrong everywhere"' in shown


def test_a_viewer_sees_no_buttons_and_may_not_press_them(
    client: Client, domain: Domain, default_tenant: Tenant, user: User
) -> None:
    mark = mark_wrong(domain.technology_rows.get(name="Shopify"), user=user)
    viewer = User.objects.create_user("viewer")
    role = Membership.Role.VIEWER
    Membership.objects.create(user=viewer, tenant=default_tenant, role=role)
    client.force_login(viewer)
    shown = page(client, domain)
    assert url_of(domain) not in shown
    assert str(mark.pk) not in shown
    assert '<strong class="wrap">Shopify</strong> is wrong' in shown
    assert client.post(url_of(domain), {"kind": "verdict", "right_value": "ok"}).status_code == 403


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"kind": "colour"},
        {"kind": "contact"},
        {"kind": "contact", "row": "seven"},
        {"kind": "contact", "row": "f716b4cb-d4f6-49ea-8389-405314153c1f"},
        {"kind": "verdict", "right_value": "fine"},
        {"kind": "page_type", "right_value": "about"},
    ],
    ids=str,
)
def test_a_form_that_names_no_result_changes_nothing(
    console: Client, domain: Domain, form: dict[str, str]
) -> None:
    assert console.post(url_of(domain), form).status_code == 302
    assert not Correction.objects.exists()
    assert "This result no longer exists" in page(console, domain)


def test_a_row_of_another_domain_is_no_result_of_this_one(
    console: Client, domain: Domain, other_tenant: Tenant
) -> None:
    foreign = scan(other_tenant).contacts.get(value=WRONG)
    console.post(url_of(domain), {"kind": "contact", "row": foreign.pk})
    foreign.refresh_from_db()
    assert not foreign.is_wrong


def test_a_correction_of_another_tenant_is_not_undone(
    console: Client, domain: Domain, other_tenant: Tenant, stranger: User
) -> None:
    foreign = mark_wrong(scan(other_tenant).contacts.get(value=WRONG), user=stranger)
    undo(console, domain, foreign.pk)
    assert Correction.objects.get() == foreign


def test_the_page_returns_to_no_other_site(console: Client, domain: Domain) -> None:
    form = {"kind": "verdict", "right_value": "ok", "place": "//evil.example"}
    answer = console.post(url_of(domain), form)
    assert answer["Location"] == reverse("domain_detail", args=[domain.pk])
