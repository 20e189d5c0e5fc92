"""Every URL of the API, for every actor, with GET and POST."""

from uuid import uuid4

import pytest

from scrapersky.tenants.roles import Right
from tests.access import samples
from tests.access.actors import SUPER, USERS, Actor
from tests.access.addresses import API_ADDRESSES, Address
from tests.access.world import Answer, World

pytestmark = pytest.mark.django_db
ADDRESSES = pytest.mark.parametrize("address", API_ADDRESSES, ids=str)
DONE = {200, 201, 202, 204}
ROWS = pytest.mark.parametrize("address", [a for a in API_ADDRESSES if a.has_row], ids=str)
METHODS = ("get", "post", "put", "patch", "delete")


def call(world: World, actor: Actor, method: str, address: Address, key: object = None) -> Answer:
    url, body = address.url(world, key), samples.body(world, address)
    if method == "get":
        return world.request(actor, method, url)
    return world.request(actor, method, url, body, content_type="application/json")


def expected(actor: Actor, method: str, address: Address) -> set[int]:
    """Return the expected statuses of a call; 405 if the URL lacks the method."""
    if address.is_public:
        return {200, 404, 405}
    if actor.is_anonymous:
        return {401, 405}
    if method != "get" and not actor.writes_somewhere and not address.is_open_to_viewers:
        return {403, 405}
    if address.has_row and not actor.may(Right.READ):
        return {404, 405}
    if address.has_row and method != "get" and not actor.may(Right.WRITE):
        return {403, 405}
    if address.has_row:
        return {*DONE, 405, 409}
    # The body may name a row of the tenant.
    return {*DONE, 404, 405, 409} | (set() if actor.may(Right.WRITE) else {403})


@ADDRESSES
@pytest.mark.parametrize("method", METHODS)
def test_a_call_does_what_the_role_may(world: World, address: Address, method: str) -> None:
    if call(world, SUPER, method, address).status == 405:
        return  # the URL lacks the method, for everybody
    for actor in (USERS[0], SUPER) if address.is_public else USERS:
        answer = call(world, actor, method, address)
        allowed = expected(actor, method, address)
        assert answer.status in allowed, f"{actor}: {answer.status} instead of {sorted(allowed)}"
        if not actor.may(Right.READ):
            assert not answer.tells_the_word, f"{actor} reads it"
        if method == "get" or answer.status not in DONE:
            assert not answer.written, f"{actor} writes {answer.written}"


@ADDRESSES
def test_the_samples_are_real(world: World, address: Address) -> None:
    """Otherwise calls refused because of their body would pass the test above."""
    statuses = {method: call(world, SUPER, method, address).status for method in METHODS}
    taken = {method: status for method, status in statuses.items() if status != 405}
    refused = {method for method, status in taken.items() if status not in {*DONE, 409}}
    assert address.is_public or not refused, f"Add a body to samples.py: {taken}"


@ROWS
def test_a_row_of_another_tenant_is_answered_like_one_that_does_not_exist(
    world: World, address: Address
) -> None:
    key, unknown = str(address.row(world).pk), uuid4()
    for actor in (a for a in USERS if a.has_tenant and not a.may(Right.READ)):
        for method in METHODS:
            there = call(world, actor, method, address)
            nowhere = call(world, actor, method, address, unknown)
            assert there.status == nowhere.status
            assert there.text.replace(key, "ID") == nowhere.text.replace(str(unknown), "ID")
