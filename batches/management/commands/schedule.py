"""Manage schedules: list, create, run now, pause, switch on or off, delete."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.utils import timezone

from batches import recurring as services
from batches.management.arguments import add_options, find_owner, read_options, refusal_of
from batches.models import RecurringBatch
from batches.options import all_options
from batches.recurring import Plan, read_domains
from batches.sources import source_of_list
from batches.timing import WEEKDAYS, start_of_day
from scans.domain_lists.services import find_by_name
from scrapersky.tenants.models import Tenant
from scrapersky.web.commands import SafeCommand

ACTIONS = ("show", "run", "pause", "enable", "disable", "delete")


class Command(SafeCommand):
    help = "List, create, run, pause, switch or delete schedules."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
        commands.add_parser("list", help="list all schedules")
        create = commands.add_parser("create", help="create a schedule from a list of domains")
        create.add_argument("name")
        create.add_argument("file", nargs="?", help="a list of domains; - for standard input")
        create.add_argument("--list", default="", help="a saved list, by name, instead of a file")
        create.add_argument("--user", default="", help="the user who owns the schedule")
        create.add_argument("--at", default="06:00", help="time of day (default 06:00)")
        create.add_argument("--weekday", choices=WEEKDAYS, help="run every week on this day")
        create.add_argument("--month-day", type=int, metavar="1-31", help="run every month")
        create.add_argument("--cron", default="", help='five fields, as in "0 6 * * MON-FRI"')
        create.add_argument("--time-zone", default="UTC", help="such as Europe/Berlin")
        create.add_argument(
            "--queue",
            action="store_true",
            help="queue a run instead of skipping it while the previous one is active",
        )
        add_options(create, all_options())
        for action in ACTIONS:
            one = commands.add_parser(action, help=f"{action} one schedule")
            one.add_argument("schedule", help="its id or name")
            if action == "pause":
                one.add_argument("until", help="a date, as in 2026-12-01")
        for command in commands.choices.values():
            command.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **params: Any) -> None:
        try:
            rows = self._rows(params)
        except ValidationError as error:
            raise CommandError(refusal_of(error)) from error
        if params["json"]:
            self.stdout.write(json.dumps([_as_json(row) for row in rows]))
        else:
            self.stdout.write("\n".join(map(_line, rows)))

    def _rows(self, params: dict[str, Any]) -> list[RecurringBatch]:
        if params["command"] == "list":
            return list(RecurringBatch.objects.defer("domains"))
        if params["command"] == "create":
            return [self._created(params)]
        row = _find(params["schedule"])
        getattr(self, f"_{params['command']}")(row, params)
        return [] if params["command"] == "delete" else [_find(str(row.pk))]

    def _created(self, params: dict[str, Any]) -> RecurringBatch:
        tenant, user = find_owner(params["user"])
        plan = replace(_plan(params), source=_source(params["list"], tenant), chooser=user)
        row = services.create_recurring(plan, tenant=tenant, created_by=user, now=timezone.now())
        for line in read_domains(row.domains).rejected:
            self.stderr.write(f"Line {line.line}, “{line.value}”: {line.reason}")
        return row

    def _show(self, row: RecurringBatch, params: dict[str, Any]) -> None:
        """Do nothing; the schedule is printed after every action."""

    def _run(self, row: RecurringBatch, params: dict[str, Any]) -> None:
        run = services.start_now(row, user=None, now=timezone.now())
        if run.batch is None:
            raise CommandError(f"{run.get_outcome_display()}. {run.note}")
        self.stderr.write(f"Batch {run.batch_id} is created.")

    def _pause(self, row: RecurringBatch, params: dict[str, Any]) -> None:
        until, now = start_of_day(params["until"], row.time_zone), timezone.now()
        if until is None or until <= now:
            raise CommandError(f"{params['until']} is not a date in the future.")
        if not row.pause(until, now):
            raise CommandError(f"{row} is switched off, so there is nothing to pause.")

    def _enable(self, row: RecurringBatch, params: dict[str, Any]) -> None:
        row.enable(timezone.now())

    def _disable(self, row: RecurringBatch, params: dict[str, Any]) -> None:
        row.disable(timezone.now())

    def _delete(self, row: RecurringBatch, params: dict[str, Any]) -> None:
        row.delete()


def _plan(params: dict[str, Any]) -> Plan:
    if bool(params["file"]) == bool(params["list"]):
        raise CommandError("Name a file, or a saved list with --list, not both.")
    weekday, month_day = params["weekday"], params["month_day"]
    timings = {"cron": params["cron"], "weekly": weekday, "monthly": month_day}
    frequencies = [name for name, value in timings.items() if value]
    if len(frequencies) > 1:
        raise CommandError("Use one of --cron, --weekday and --month-day.")
    try:
        at = time.fromisoformat(params["at"])
    except ValueError as error:
        raise CommandError(f"--at takes a time such as 06:00, not {params['at']}.") from error
    return Plan(
        name=params["name"],
        domains=_read(params["file"]) if params["file"] else "",
        frequency=frequencies[0] if frequencies else "daily",
        time_of_day=at,
        weekday=WEEKDAYS.index(weekday) if weekday else None,
        month_day=month_day,
        cron=params["cron"],
        time_zone=params["time_zone"],
        while_running="queue" if params["queue"] else "skip",
        options=read_options(params).as_dict(),
    )


def _source(name: str, tenant: Tenant) -> str:
    """Return the source key of a tenant's saved list; empty without a name."""
    if not name:
        return ""
    row = find_by_name(tenant.pk, name)
    if row is None:
        raise CommandError(f"There is no list named “{name}” in {tenant}.")
    return source_of_list(row).key


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} cannot be read: {error}.") from error


def _find(key: str) -> RecurringBatch:
    """Return the schedule with an id or a name; raise CommandError unless there is exactly one."""
    try:
        rows = RecurringBatch.objects.filter(pk=UUID(key))
    except ValueError:
        rows = RecurringBatch.objects.filter(name=key)
    schedules = list(rows.select_related("tenant")[:2])
    if len(schedules) != 1:
        count = "Several schedules are" if schedules else "No schedule is"
        raise CommandError(f"{count} named {key}. `schedule list` shows their ids.")
    return schedules[0]


def _as_json(row: RecurringBatch) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "name": row.name,
        "timing": str(row.timing),
        "domains": row.domain_count,
        "enabled": row.enabled,
        "paused_until": _iso(row.paused_until),
        "next_runs": [_iso(at) for at in row.upcoming(timezone.now())],
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _line(row: RecurringBatch) -> str:
    following = f"next {row.next_run_at:%Y-%m-%d %H:%M} UTC" if row.next_run_at else "switched off"
    return f"{row.pk}  {row.name}  {row.timing}  {row.domain_count:,} domains  {following}"
