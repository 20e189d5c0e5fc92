"""The first page: running work, what needs attention, recent results, and the last 30 days."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from batches.demo import batch as demo_batch
from batches.models import Batch, Job
from batches.progress import progress_of_several, with_stages
from batches.statistics import Statistics, statistics
from scans.models import TechnologyCount
from scans.names import readable as name_of
from scrapersky.health import problems
from scrapersky.tenants.access import readable
from scrapersky.tenants.models import User
from scrapersky.web.charts import DayChart, Series, Share, shares
from scrapersky.web.http import ConsoleRequest, fragment_of

SHOWN = 8
SHOWN_TECHNOLOGIES = 10
# What the page shows of a scan of a single domain.
SCAN_FIELDS = (
    "status",
    "stage",
    "progress",
    "host",
    "worker",
    "started_at",
    "finished_at",
    "domain__host",
)
# How long a failed batch needs attention.
FAILED_LATELY = timedelta(days=1)


@require_safe
def home(request: ConsoleRequest) -> HttpResponse:
    """Show current work and the results of the last 30 days."""
    figures = statistics(request.user)
    context = _live_overview(request) | {
        "statistics": figures,
        "charts": _charts(figures),
        "verdicts": shares([(name_of(name), count) for name, count in figures.verdicts]),
        "failures": shares([(name_of(name), count) for name, count in figures.failures]),
        "technologies": _technologies(request.user),
    }
    return render(request, "home.html", context)


@require_safe
@fragment_of("home")
def home_live(request: ConsoleRequest) -> HttpResponse:
    """Return the live part of the first page."""
    return render(request, "_home_live.html", _live_overview(request))


def _live_overview(request: ConsoleRequest) -> dict[str, Any]:
    batches = readable(Batch.objects.all(), request.user)
    jobs = readable(Job.objects.only(*SCAN_FIELDS), request.user)
    jobs = jobs.filter(batch=None).select_related("domain")
    with_end = batches.filter(status__in=Batch.ENDED, finished_at__isnull=False)
    active = batches.filter(status__in=Batch.ACTIVE)
    running = active.exclude(status=Batch.Status.PAUSED).order_by("created_at")
    ended = list(with_end.order_by("-finished_at")[:SHOWN])
    return {
        "running": progress_of_several(list(running[:SHOWN])),
        "ended": ended,
        "active_scans": with_stages(
            jobs.filter(status__in=Job.ACTIVE).order_by("created_at")[:SHOWN]
        ),
        "ended_scans": list(jobs.filter(status__in=Job.ENDED).order_by("-created_at")[:SHOWN]),
        "problems": problems(),
        "paused": list(active.filter(status=Batch.Status.PAUSED).order_by("created_at")[:SHOWN]),
        "failed": [batch for batch in ended if _failed_lately(batch)],
        "demo_sites": demo_batch.is_served(),
    }


def _failed_lately(batch: Batch) -> bool:
    since = timezone.now() - FAILED_LATELY
    return batch.status == Batch.Status.FAILED and bool(
        batch.finished_at and batch.finished_at >= since
    )


def _charts(figures: Statistics) -> list[DayChart]:
    scanned = [
        Series("Answered", "good", figures.scanned),
        Series("Failed", "bad", figures.failed),
    ]
    extracted = [Series("Contacts", "accent", figures.contacts)]
    return [
        DayChart("Sites scanned", figures.days, scanned),
        DayChart("Contacts extracted", figures.days, extracted),
    ]


def _technologies(user: User) -> list[Share]:
    """Return the most widely used technologies."""
    counts = readable(TechnologyCount.objects.all(), user).order_by().values_list("name")
    summed = counts.annotate(domains=Sum("domain_count")).filter(~Q(domains=0))
    rows = list(summed.order_by("-domains", "name")[:SHOWN_TECHNOLOGIES])
    url = reverse("domain_list")
    return shares(rows, [f"{url}?{urlencode({'technology': name})}" for name, _ in rows])
