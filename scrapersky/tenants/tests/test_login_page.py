"""The login page."""

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

pytestmark = pytest.mark.django_db


def test_password_managers_can_fill_in_the_login() -> None:
    """It needs no memory and no puzzle (WCAG 3.3.8), only fields that password managers know."""
    form = LexborHTMLParser(Client().get("/login/").text).css("main form input:not([type=hidden])")
    purposes = {field.attributes["name"]: field.attributes["autocomplete"] for field in form}
    assert purposes == {"username": "username", "password": "current-password"}
