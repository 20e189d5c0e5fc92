"""Every page and button of the console, for every actor, with GET, htmx and POST."""

from typing import Any
from uuid import uuid4

import pytest

from scrapersky.tenants.roles import Right
from tests.access import samples
from tests.access.actors import SUPER, USERS, Actor
from tests.access.addresses import CONSOLE, Address
from tests.access.world import PREFERENCES, WORD, Answer, World

pytestmark = pytest.mark.django_db
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}
# Forms that only write the session, or require a password.
WITHOUT_FIELDS = {"account_password", "account_sessions_end_others", "account_shortcuts"}
PAGES = pytest.mark.parametrize("address", CONSOLE, ids=str)
ROWS = pytest.mark.parametrize("address", [a for a in CONSOLE if a.has_row], ids=str)


def get(world: World, actor: Actor, address: Address, key: object = None) -> Answer:
    return world.request(actor, "get", address.url(world, key))


def fragment(world: World, actor: Actor, address: Address, key: object = None) -> Answer:
    return world.request(actor, "get", address.url(world, key), **HTMX)


def post(world: World, actor: Actor, address: Address, key: object = None) -> Answer:
    sent, elsewhere = samples.form(world, address), actor.writes_somewhere
    compare = elsewhere and not actor.may(Right.WRITE)
    return world.request(actor, "post", address.url(world, key), sent, compare_rows=compare)


def expected_of_get(actor: Actor, address: Address) -> set[int]:
    """Return the expected statuses of a GET; fragments redirect to their full page with 302."""
    if address.is_public:
        return {200, 302, 404, 405}
    if actor.is_anonymous:
        return {302}
    if address.is_own_account:
        return {200, 405}
    if not actor.has_tenant:
        return {200}
    if address.has_row and not actor.may(Right.READ):
        return {302, 404, 405}
    # The page of a creation form requires the right to create.
    form_is_closed = not address.has_row and not actor.writes_somewhere
    return {200, 302, 405} | ({403} if form_is_closed else set())


def expected_of_post(actor: Actor, address: Address) -> set[int]:
    if address.is_public:
        return {200, 302, 403, 404, 405}
    if actor.is_anonymous:
        return {302}
    if address.is_own_account:
        return {404, 405} if address.has_row else {200, 302, 405}
    if not actor.has_tenant or not (actor.writes_somewhere or address.is_open_to_viewers):
        return {403}
    if not address.has_row:
        return {200, 302, 404, 405}  # 404: the demo sites are not served
    if not actor.may(Right.READ):
        return {404, 405}
    if not (actor.may(Right.WRITE) or address.is_open_to_viewers):
        return {403, 405}
    return {200, 302, 405}


def check(actor: Actor, answer: Answer, expected: set[int], *, may_write: bool) -> None:
    """Assert the status, that outsiders do not see the word, and that nothing else was written."""
    message = f"{actor}: {answer.status} instead of {sorted(expected)}"
    assert answer.status in expected, message
    if answer.status == 302 and actor.is_anonymous:
        assert answer.response.headers["Location"].startswith("/login/")
    if not actor.may(Right.READ):
        assert not answer.tells_the_word, f"{actor} reads {WORD!r}"
    if not may_write:
        assert not answer.written, f"{actor} writes {answer.written}"


@PAGES
def test_a_get_shows_what_the_role_may_read_and_writes_nothing(
    world: World, address: Address
) -> None:
    for actor in USERS:
        answer = get(world, actor, address)
        check(actor, answer, expected_of_get(actor, address), may_write=False)


@PAGES
def test_a_fragment_shows_no_more_than_its_page(world: World, address: Address) -> None:
    for actor in USERS:
        answer = fragment(world, actor, address)
        expected = expected_of_get(actor, address)
        if address.has_row and actor.has_tenant and not actor.may(Right.READ):
            expected = {404, 405} | ({200} if address.is_own_account else set())
        check(actor, answer, expected, may_write=False)


@PAGES
def test_a_post_changes_something_only_for_those_who_may_write(
    world: World, address: Address
) -> None:
    for actor in USERS:
        answer = post(world, actor, address)
        own = address.is_own_account and not address.has_row and not actor.is_anonymous
        may_write = own or (actor.writes_somewhere and answer.status in (200, 302))
        if address.is_open_to_viewers and answer.status in (200, 302):
            may_write |= answer.written <= PREFERENCES
        check(actor, answer, expected_of_post(actor, address), may_write=may_write)
        assert not answer.changed_here or actor.may(Right.WRITE), f"{actor} changes rows here"


@PAGES
def test_no_other_method_opens_a_page(world: World, address: Address) -> None:
    for method in ("put", "patch", "delete"):
        answer = world.request(SUPER, method, address.url(world))
        assert answer.status == 405 or address.is_public, f"{method}: {answer.status}"
        assert not answer.written, f"{method} writes {answer.written}"


@pytest.mark.parametrize("address", [a for a in CONSOLE if not a.has_row], ids=str)
def test_the_forms_are_real(world: World, address: Address) -> None:
    """Otherwise forms refused because of their fields would pass every test above."""
    answer = post(world, SUPER, address)
    is_button = address.is_public or address.name in WITHOUT_FIELDS
    does = answer.status in (404, 405) or answer.written
    assert is_button or does, f"Add fields for {address.name} to samples.py."


@ROWS
def test_the_samples_are_real(world: World, address: Address) -> None:
    """Otherwise a URL that fails for everybody would pass every test above."""
    if not address.is_own_account:
        answers = [call(world, SUPER, address).status for call in (fragment, post)]
        assert {200, 302} & set(answers), answers


@ROWS
def test_a_row_of_another_tenant_is_answered_like_one_that_does_not_exist(
    world: World, address: Address
) -> None:
    strangers = [a for a in USERS if a.has_tenant and not a.may(Right.READ)]
    key, unknown = str(address.row(world).pk), uuid4()
    for actor in strangers:
        for call in (get, fragment, post):
            there, nowhere = call(world, actor, address), call(world, actor, address, unknown)
            assert there.status == nowhere.status
            assert comparable(there, key) == comparable(nowhere, str(unknown)), f"{actor}"


def comparable(answer: Answer, key: str) -> str:
    """Return a response without the id and tokens that differ every time."""
    body = answer.text.partition("\n")[2].replace(key, "ID")
    lines = (line for line in body.splitlines() if "csrf" not in line.lower())
    return "\n".join([answer.response.headers.get("Location", "").replace(key, "ID"), *lines])
