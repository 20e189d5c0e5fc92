"""Users' list settings: saved views, and the columns of each list."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from uuid_utils.compat import uuid7

from scrapersky.tenants.models import Tenant, User


class SavedView(models.Model):
    """A named list with filters, order and columns; private or shared in a tenant."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="saved_views", db_index=False)
    list_name = models.CharField(max_length=32)
    name = models.CharField(max_length=100)
    query = models.TextField(blank=True)
    columns = models.JSONField(default=list, blank=True)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        app_label = "tenants"
        ordering = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "tenant", "list_name", "name"], name="saved_view_once"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_a_name"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "list_name", "name"], name="saved_view_of_tenant")
        ]

    def __str__(self) -> str:
        return self.name


class ListSettings(models.Model):
    """A user's settings for a list: its columns, and the view that it opens with."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="list_settings", db_index=False)
    list_name = models.CharField(max_length=32)
    columns = models.JSONField(default=list, blank=True)
    first_view = models.ForeignKey(
        SavedView, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        app_label = "tenants"
        verbose_name_plural = "list settings"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "list_name"], name="list_settings_once"),
        ]

    def __str__(self) -> str:
        return f"{self.list_name} of {self.user}"


def list_settings(user: User, list_name: str) -> ListSettings:
    """Return a user's settings for a list; an unsaved row if there are none."""
    row = ListSettings.objects.filter(user=user, list_name=list_name).first()
    return row or ListSettings(user=user, list_name=list_name)


def store_columns(user: User, list_name: str, columns: list[str]) -> None:
    """Store a user's columns for a list; an empty list restores the defaults."""
    ListSettings.objects.update_or_create(
        user=user, list_name=list_name, defaults={"columns": columns}
    )


def views_of(user: User, tenants: Any) -> QuerySet[SavedView]:
    """Return the saved views a user may open: their own, and those shared in their tenants."""
    own = Q(owner=user)
    return SavedView.objects.filter(own | Q(is_shared=True), tenant__in=tenants)
