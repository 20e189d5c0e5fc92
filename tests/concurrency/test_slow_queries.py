"""Slow queries are cancelled with a message, and nobody else waits for them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from scans.models import Domain, Technology
from scans.services import ensure_domains
from scrapersky.tenants.models import Tenant, User

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only"),
]
CLIENTS = 10
SLOW = ("/domains/?technology=WordPress", "/api/v3/domains?technology=WordPress")
COUNT = "/domains/count/?technology=WordPress"
FAST = ("/domains/?sort=-page_count", "/api/v3/domains?tld=example&fields=host", "/contacts/")


@contextmanager
def locked(model: Any) -> Iterator[None]:
    """Lock a table so that readers wait."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {model._meta.db_table} IN ACCESS EXCLUSIVE MODE")
        yield


def text_of(response: Any) -> str:
    is_json = response["Content-Type"].startswith("application/json")
    return response.json()["detail"] if is_json else response.content.decode()


def get(user: User, url: str) -> tuple[Any, str]:
    """Return the response to a client with its own connection, and the remaining time limit."""
    client = Client()
    client.force_login(user)
    try:
        response = client.get(url, headers={"HX-Request": "true"})
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            return response, cursor.fetchone()[0]
    finally:
        connection.close()


def test_ten_clients_are_answered_while_one_kind_of_query_is_stopped(
    default_tenant: Tenant, user: User, settings: Any
) -> None:
    settings.LIST_QUERY_SECONDS = 1.5
    ensure_domains(tenant=default_tenant, hosts=["a.example", "b.example"])
    slow = [SLOW[number % 2] for number in range(CLIENTS // 2)]
    fast = [FAST[number % 3] for number in range(CLIENTS // 2)]
    with locked(Technology), ThreadPoolExecutor(CLIENTS) as clients:
        urls = [*slow, *fast, COUNT]
        answers = dict(enumerate(clients.map(lambda url: get(user, url), urls)))
    stopped = [answers[number][0] for number in range(len(slow))]
    served = [answers[number][0] for number in range(len(slow), CLIENTS)]
    for response in stopped:
        assert response.status_code in (200, 422)
        assert "The search by “Uses” takes too long." in text_of(response)
        assert "Or add another: “Domain”, “Batch”, “Tag”." in text_of(response)
    for url, response in zip(fast, served, strict=True):
        assert response.status_code == 200
        assert "takes too long" not in response.content.decode()
        assert url == "/contacts/" or "a.example" in response.content.decode()
    assert text_of(answers[CLIENTS][0]).count("too many to count") == 1
    assert {limit for _, limit in answers.values()} == {"0"}
    assert Domain.objects.count() == 2


def test_a_slow_list_of_the_admin_is_stopped_too(
    default_tenant: Tenant, user: User, settings: Any
) -> None:
    settings.LIST_QUERY_SECONDS = 0.3
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    user.refresh_from_db()
    with locked(Technology), ThreadPoolExecutor(1) as clients:
        url = "/admin/scans/technology/?q=a.example"
        response, limit = clients.submit(get, user, url).result()
    assert response.url == "/admin/scans/technology/?e=1"
    assert limit == "0"
