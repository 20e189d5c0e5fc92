"""The first page: what runs, what ended last, what needs attention."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from batches.demo import batch as demo_batch
from batches.models import Batch, Job
from batches.progress import failure_causes, with_stages
from scrapersky.health import problems
from scrapersky.tenants.access import readable
from scrapersky.web.http import ConsoleRequest, fragment_of

SHOWN = 8


@require_safe
def home(request: ConsoleRequest) -> HttpResponse:
    """Show what happens now."""
    context = _happening(request) | {"demo_sites": demo_batch.is_served()}
    return render(request, "home.html", context)


@require_safe
@fragment_of("home")
def home_live(request: ConsoleRequest) -> HttpResponse:
    """Return the part of the first page that moves."""
    return render(request, "_home_live.html", _happening(request))


def _happening(request: ConsoleRequest) -> dict[str, Any]:
    batches = readable(Batch.objects.all(), request.user)
    jobs = readable(Job.objects.defer("result"), request.user)
    jobs = jobs.filter(batch=None).select_related("domain")
    with_end = batches.filter(status__in=Batch.ENDED, finished_at__isnull=False)
    ended = list(with_end.order_by("-finished_at")[:SHOWN])
    running = list(batches.filter(status__in=Batch.ACTIVE).order_by("created_at")[:SHOWN])
    return {
        "running": running,
        "ended": ended,
        "active_scans": with_stages(
            jobs.filter(status__in=Job.ACTIVE).order_by("created_at")[:SHOWN]
        ),
        "ended_scans": list(jobs.filter(status__in=Job.ENDED).order_by("-created_at")[:SHOWN]),
        "causes": failure_causes([batch.pk for batch in ended if batch.failed]),
        "problems": problems(),
    }
