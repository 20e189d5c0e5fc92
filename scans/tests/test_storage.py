"""Writing many rows at once, including ones that a database would reject."""

from datetime import UTC, datetime, timedelta

import pytest

from scans import storage
from scans.models import Contact, Domain, Page, Scan
from scans.services import ensure_domains
from scrapersky.tenants.models import Tenant

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def domain(default_tenant: Tenant) -> Domain:
    ensure_domains(tenant=default_tenant, hosts=["a.example"])
    return Domain.objects.get()


def save_pages(domain: Domain, urls: list[str], *, now: datetime = NOW, kind: str = "x") -> int:
    return storage.upsert(
        Page,
        ("domain_id", "url", "url_hash", "page_type", "first_seen", "last_seen"),
        [(domain.pk, url, storage.url_hash(url), kind, now, now) for url in urls],
        key=["domain_id", "url_hash"],
        update=["page_type", "last_seen"],
        touch="last_seen",
        constants={"tenant_id": domain.tenant_id},
    )


def test_rows_are_inserted_with_the_defaults_of_their_model(domain: Domain) -> None:
    assert (domain.status, domain.emails, domain.title) == ("unscanned", [], "")
    assert domain.created_at.tzinfo is not None


def test_ensuring_domains_again_changes_nothing_and_returns_the_same_ids(
    default_tenant: Tenant, domain: Domain
) -> None:
    ids = ensure_domains(tenant=default_tenant, hosts=["a.example", "b.example"])
    assert ids["a.example"] == domain.pk
    assert Domain.objects.count() == 2


def test_the_same_key_twice_in_one_call_is_written_once(domain: Domain) -> None:
    assert save_pages(domain, ["http://a.example/"] * 3) == 1


def save_contacts(domain: Domain, *values: str) -> int:
    return storage.upsert(
        Contact,
        ("tenant_id", "domain_id", "kind", "value"),
        [(domain.tenant_id, domain.pk, "social", value) for value in values],
        key=["domain_id", "kind", "value"],
        update=["last_seen"],
        constants={"first_seen": NOW, "last_seen": NOW},
    )


def test_keys_that_become_equal_when_cleaned_are_written_once(domain: Domain) -> None:
    assert save_contacts(domain, "a\x00b", "ab", "c\ud800", "c?") == 2
    assert save_contacts(domain, "\x00ab", "c?") == 2
    assert sorted(Contact.objects.values_list("value", flat=True)) == ["ab", "c?"]


def test_long_keys_that_begin_alike_stay_different_rows(domain: Domain) -> None:
    long = ["https://social.example/" + "x" * 600 + end for end in ("1", "2")]
    assert save_contacts(domain, *long, "https://social.example/short") == 3
    stored = set(Contact.objects.values_list("value", flat=True))
    assert {len(value) for value in stored} == {500, 28}
    assert all(value.startswith("https://social.example/") for value in stored)

    save_contacts(domain, *reversed(long))
    assert set(Contact.objects.values_list("value", flat=True)) == stored


def test_an_update_of_one_row_twice_writes_the_last_values(domain: Domain) -> None:
    storage.update(Domain, ("id", "title"), [(domain.pk, "first"), (domain.pk, "last")])
    assert Domain.objects.get().title == "last"


def test_an_unchanged_page_seen_lately_is_not_rewritten(domain: Domain) -> None:
    save_pages(domain, ["http://a.example/"])
    assert save_pages(domain, ["http://a.example/"], now=NOW + timedelta(days=6)) == 0
    page = Page.objects.get()
    assert (page.first_seen, page.last_seen) == (NOW, NOW)


@pytest.mark.parametrize(("days", "kind"), [(8, "x"), (1, "y")])
def test_a_changed_page_or_one_seen_long_ago_is_rewritten(
    domain: Domain, days: int, kind: str
) -> None:
    save_pages(domain, ["http://a.example/"])
    later = NOW + timedelta(days=days)
    assert save_pages(domain, ["http://a.example/"], now=later, kind=kind) == 1
    page = Page.objects.get()
    assert (page.first_seen, page.last_seen, page.page_type) == (NOW, later, kind)


def test_what_a_database_refuses_is_mended(domain: Domain, default_tenant: Tenant) -> None:
    long = "http://a.example/" + "x" * 8_000
    save_pages(domain, [long, "http://a.example/\x00\ud800"], kind="a much too long page type")
    report = {"nul": "a\x00b", "\ud800": float("nan"), "deep": [{"x": float("inf")}], "t": (1,)}
    storage.upsert(
        Scan,
        ("tenant_id", "domain_id", "verdict", "report", "started_at", "finished_at"),
        [(default_tenant.pk, domain.pk, "ok", report, NOW, NOW)],
        key=["domain_id"],
    )
    assert sorted(len(url) for url in Page.objects.values_list("url", flat=True)) == [18, 2_000]
    stored = Scan.objects.get().report
    assert stored == {"nul": "ab", "?": None, "deep": [{"x": None}], "t": [1]}


def test_one_value_to_mend_changes_no_other_of_its_column(
    default_tenant: Tenant, domain: Domain
) -> None:
    titles = ["plain", "nul\x00", "lone \ud800", "Bücher", "x" * 5_000]
    rows = [(f"{place}.example", title, title[:2]) for place, title in enumerate(titles)]
    constants = {"tenant_id": default_tenant.pk}
    columns = ["host", "title", "language"]
    storage.upsert(Domain, columns, rows, key=["tenant_id", "host"], constants=constants)
    created = Domain.objects.exclude(pk=domain.pk).order_by("host")
    stored = list(created.values_list("title", flat=True))
    assert stored == ["plain", "nul", "lone ?", "Bücher", "x" * 5_000]


def test_update_writes_the_named_columns_of_the_named_rows(
    default_tenant: Tenant, domain: Domain
) -> None:
    other = ensure_domains(tenant=default_tenant, hosts=["b.example"])["b.example"]
    storage.update(Domain, ("id", "title", "phones"), [(domain.pk, "A", ["+49"]), (other, "B", [])])
    assert list(Domain.objects.values_list("host", "title", "phones")) == [
        ("a.example", "A", ["+49"]),
        ("b.example", "B", []),
    ]


def test_constants_are_written_to_every_row_and_take_part_in_the_key(
    default_tenant: Tenant, domain: Domain
) -> None:
    constants = {"tenant_id": default_tenant.pk, "title": "T\x00", "emails": ["x@y.de"]}
    hosts = ["a.example", "b.example", "b.example"]
    rows = [(host,) for host in hosts]
    key = ["tenant_id", "host"]
    assert storage.upsert(Domain, ["host"], rows, key=key, constants=constants) == 1
    assert list(Domain.objects.values_list("host", "title", "emails")) == [
        ("a.example", "", []),
        ("b.example", "T", ["x@y.de"]),
    ]


def test_more_rows_than_a_statement_takes_are_all_written_and_counted(domain: Domain) -> None:
    urls = [f"http://a.example/{number}" for number in range(2 * storage.SQLITE_ROWS + 1)]
    assert save_pages(domain, urls) == len(urls)
    assert save_pages(domain, [*urls, "http://a.example/more"]) == 1
    assert set(Page.objects.values_list("url", flat=True)) == {*urls, "http://a.example/more"}


def test_a_list_of_any_length_is_looked_up_with_one_parameter(
    default_tenant: Tenant, domain: Domain
) -> None:
    hosts = ["b.example", "ü", '"', *(f"{number}.example" for number in range(40_000))]
    ensure_domains(tenant=default_tenant, hosts=['"', "5.example"])
    stored = Domain.objects.filter(host__in=storage.among(hosts)).values_list("host", flat=True)
    assert sorted(stored) == ['"', "5.example"]
    assert not Domain.objects.filter(host__in=storage.among([]))


def add_domains(tenant: Tenant, *hosts: str) -> int:
    constants = {"tenant_id": tenant.pk}
    rows = [(host, storage.keys(1)[0]) for host in hosts]
    key = ["tenant_id", "host"]
    return storage.insert(Domain, ("host", "id"), rows, key=key, constants=constants)


def test_rows_with_a_taken_key_are_left_out_of_an_insert(default_tenant: Tenant) -> None:
    assert add_domains(default_tenant, "b.example", "a.example") == 2
    assert add_domains(default_tenant, "c.example", "a.example", "d.example") == 2
    assert add_domains(default_tenant, "e.example", "e.example") == 1
    assert [host[0] for host in Domain.objects.values_list("host", flat=True)] == list("abcde")


@pytest.mark.parametrize("host", ["a\tb", "a\nb", "a\rb", "a\\b", "\\N", "\\.a", "ü", "'", ""])
def test_a_text_is_stored_unchanged_whatever_it_contains(default_tenant: Tenant, host: str) -> None:
    assert add_domains(default_tenant, "a.example", host) == 2
    assert set(Domain.objects.values_list("host", flat=True)) == {"a.example", host}


def test_no_rows_cost_no_query(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert storage.upsert(Page, ("url",), [], key=["url"]) == 0
        storage.update(Page, ("id", "url"), [])
