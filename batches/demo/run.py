"""Scan the demo sites as a batch and show the results."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from django.core.management import call_command
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from batches.demo.batch import create_demo_batch
from batches.demo.table import outcome_of, result_table
from batches.models import Batch, Job, Worker
from scans.demo.catalogue import HOSTS, SITES
from scrapersky.supervisor.parts import demo_part, part_environment, worker_part
from scrapersky.supervisor.supervisor import TICK, Supervisor, wait
from scrapersky.tenants.models import DEFAULT_TENANT_ID, Tenant

PATIENCE = 120.0
WIDTH_OF_A_FILE = 180


def run_demo(http: socket.socket, https: socket.socket) -> int:
    """Run the batch and print its results; return 0 if every site ended as it should."""
    screen = Console()
    screen.print("[bold]ScraperSky[/bold]: scanning twelve demo sites on this machine.")
    call_command("migrate", interactive=False, verbosity=0)
    with workers(http, https) as supervisor:
        tenant = Tenant.objects.get(pk=DEFAULT_TENANT_ID)
        batch = create_demo_batch(tenant=tenant, created_by=None)
        follow(batch, supervisor, screen)
    jobs = list(batch.jobs.select_related("domain", "scan").order_by("position"))
    width = screen.width if screen.is_terminal else WIDTH_OF_A_FILE
    screen.print(result_table(jobs, width=width), crop=False)
    return report(batch, jobs, screen)


@contextmanager
def workers(http: socket.socket, https: socket.socket) -> Iterator[Supervisor]:
    """Run the demo sites and a real worker; stop both in any case."""
    env = part_environment() | {"LOG_LEVEL": "WARNING"}
    supervisor = Supervisor([demo_part(http, https, env), worker_part(env)])
    try:
        supervisor.tend()
        yield supervisor
    finally:
        supervisor.end()


def follow(batch: Batch, supervisor: Supervisor, screen: Console) -> None:
    """Show a progress bar until the batch ends or the time limit is reached."""
    columns = (
        TextColumn("Scanning"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", style="dim"),
    )
    give_up = monotonic() + PATIENCE
    with Progress(*columns, console=screen) as progress:
        bar = progress.add_task("starting the worker", total=batch.total)
        while not batch.is_ended and monotonic() < give_up:
            wait(TICK)
            supervisor.tend()
            batch.refresh_from_db()
            progress.update(bar, completed=batch.ended, description=happening())
        progress.update(bar, description="")


def happening() -> str:
    """Return a short text about the scans in progress."""
    stages = [stage for worker in Worker.objects.live() for stage in worker.stages.items()]
    hosts = Job.objects.filter(pk__in=[key for key, _ in stages]).values_list("pk", "domain__host")
    by_job = {str(pk): host for pk, host in hosts}
    return ", ".join(f"{by_job.get(key, '')}: {stage}" for key, (stage, _) in stages[:2])


def report(batch: Batch, jobs: list[Job], screen: Console) -> int:
    """Print how the batch ended, and each site with an unexpected result."""
    seconds = f" in {batch.seconds:.1f} s" if batch.finished_at and batch.seconds else ""
    screen.print(
        f"The batch is {batch.status}{seconds}: {batch.completed} of {batch.total} sites scanned,"
        f" {batch.failed} failed as expected."
    )
    outcomes = dict(zip(HOSTS, map(outcome_of, jobs), strict=True))
    wrong = [site for site in SITES if outcomes[site.host] != site.expects]
    for site in wrong:
        screen.print(f"[red]{site.host}[/red] ({site.shows}) should have ended as {site.expects}.")
    if not wrong and batch.status == Batch.Status.PARTIAL:
        screen.print("Every site ended as expected. Run `make run` to start the console.")
        return os.EX_OK
    return 1
