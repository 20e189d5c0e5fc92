"""The first page: what runs, what ended last, what needs attention."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from batches.models import Batch
from batches.progress import activities, failure_causes
from scrapersky.tenants.access import visible

SHOWN = 8


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show what happens now."""
    context = _happening(request) | {"demo_sites": settings.DEMO_SITES}
    return render(request, "home.html", context)


@login_required
def home_live(request: HttpRequest) -> HttpResponse:
    """Return the part of the first page that moves."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("home")
    return render(request, "_home_live.html", _happening(request))
