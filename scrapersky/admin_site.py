"""The admin site, with the most used models first on its index."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import reverse

FIRST = ("Batch", "Job", "Domain")


class ConsoleAdminSite(AdminSite):
    """Django's admin site, with batches, jobs and domains in a section of their own."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the sections of the index; within an app, models are listed as in Django."""
        apps = super().get_app_list(request, app_label)
        if app_label:
            return apps
        rows = {row["object_name"]: row for app in apps for row in app["models"]}
        first = [rows[name] for name in FIRST if name in rows]
        for app in apps:
            app["models"] = [row for row in app["models"] if row not in first]
        section = {
            "name": "Scanning",
            "app_label": "scanning",
            "app_url": reverse("admin:index", current_app=self.name),
            "has_module_perms": True,
            "models": first,
        }
        return [app for app in [section, *apps] if app["models"]]
