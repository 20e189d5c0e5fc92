"""An admin class without access rules prevents the start."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.checks import run_checks

from scrapersky.tenants.models import Membership
from scrapersky.tenants.owned_admin import InstallationAdmin


@pytest.fixture
def registered() -> Iterator[None]:
    yield
    admin.site.unregister(ContentType)


def test_every_admin_class_says_who_may_change_its_rows() -> None:
    assert run_checks(tags=["access"]) == []


@pytest.mark.usefixtures("registered")
def test_a_plain_admin_class_is_refused() -> None:
    admin.site.register(ContentType)
    [error] = run_checks(tags=["access"])
    assert error.id == "access.E001"
    assert "InstallationAdmin" in str(error.hint)


@pytest.mark.usefixtures("registered")
def test_a_plain_inline_is_refused() -> None:
    class Plain(admin.TabularInline):
        model = Membership

    class WithInline(InstallationAdmin):
        inlines = [Plain]

    admin.site.register(ContentType, WithInline)
    [error] = run_checks(tags=["access"])
    assert error.id == "access.E002"
