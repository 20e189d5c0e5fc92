"""Callers of the API for tests."""

from django.test import Client

from scrapersky.tenants.models import ApiToken, User

ROOT = "/api/v3/batch_page_scraper"


def program_of(user: User) -> Client:
    """Return a client that sends a bearer token of the user, and no session."""
    _, text = ApiToken.create(user=user)
    return Client(headers={"Authorization": f"Bearer {text}"}, enforce_csrf_checks=True)
