"""Paging through lists."""

from typing import Any

import pytest
from django.test import RequestFactory

from scrapersky.tenants.models import Tenant
from scrapersky.web.paging import CappedPaginator, page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenants(db: None) -> Any:
    Tenant.objects.all().delete()
    Tenant.objects.bulk_create(Tenant(name=f"{number:02}") for number in range(25))
    return Tenant.objects.order_by("name")


@pytest.mark.parametrize(
    ("requested", "number"), [("", 1), ("2", 2), ("99", 3), ("-4", 3), ("zero", 1), ("0", 3)]
)
def test_the_nearest_page_is_given(
    rf: RequestFactory, tenants: Any, requested: str, number: int
) -> None:
    assert page_of(rf.get("/", {"page": requested}), tenants, size=10).number == number


def test_a_list_is_counted_up_to_the_cap(monkeypatch: pytest.MonkeyPatch, tenants: Any) -> None:
    monkeypatch.setattr(CappedPaginator, "CAP", 20)
    paginator = CappedPaginator(tenants, 10)
    assert (paginator.count, paginator.num_pages, paginator.is_capped) == (20, 2, True)


def test_a_short_list_is_counted_exactly(tenants: Any) -> None:
    paginator = CappedPaginator(tenants, 10)
    assert (paginator.count, paginator.num_pages, paginator.is_capped) == (25, 3, False)


def test_the_count_sorts_nothing(django_assert_num_queries: Any, tenants: Any) -> None:
    with django_assert_num_queries(1) as queries:
        assert CappedPaginator(tenants, 10).count == 25
    assert "ORDER BY" not in queries[0]["sql"]


def test_what_is_known_is_not_counted(
    rf: RequestFactory, django_assert_num_queries: Any, tenants: Any
) -> None:
    with django_assert_num_queries(1):
        page = page_of(rf.get("/", {"page": "2"}), tenants, size=10, count=25)
    assert (len(page), page.paginator.num_pages) == (10, 3)
