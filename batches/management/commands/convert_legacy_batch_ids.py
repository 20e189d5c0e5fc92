"""Convert the data of an older ScraperSky."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.apps import apps
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, connections
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from batches.legacy import conversion, output, preview, reading, steps
from batches.legacy.context import LegacyError
from batches.legacy.conversion import ConversionOptions
from batches.legacy.verification import VerificationFailed
from batches.queue import wake_workers
from scrapersky.web.commands import SafeCommand

NOT_UP_TO_DATE = (
    "This database is not up to date: run `manage.py migrate` first. It also converts older tables "
    "that are in the same database."
)


class Command(SafeCommand):
    help = (
        "Convert the batches, jobs, domains and everything around them of an older ScraperSky, "
        "every id and every reference, in one transaction; the older tables are only read. "
        "A later run converts what has come since."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--database",
            default="legacy" if "legacy" in connections.databases else "default",
            help="where the older tables are: legacy (LEGACY_DATABASE_URL) or default",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would change; write nothing"
        )
        parser.add_argument(
            "--report", default="", metavar="FILE", help="a CSV of every changed id"
        )
        parser.add_argument(
            "--requeue-unfinished",
            action="store_true",
            help="queue unfinished jobs; otherwise they become cancelled",
        )
        parser.add_argument(
            "--verify", action="store_true", help="only compare both sides; exit 1 on a difference"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"] and options["verify"]:
            raise CommandError(
                "Use either --dry-run, which tries a conversion, or --verify, which checks an "
                "earlier one."
            )
        try:
            conversion.check_target(connection)
            if not options["dry_run"] and not preview.is_up_to_date(connection):
                raise CommandError(NOT_UP_TO_DATE)
            source = _source(options["database"])
            with _progress() as progress:
                lines, differs = self._run(source, progress, options)
        except VerificationFailed as failed:
            self.stdout.write("\n".join(output.verdict(failed.verdict)))
            raise CommandError("The two databases differ, so nothing was converted.") from failed
        except (LegacyError, OSError) as error:
            raise CommandError(str(error)) from error
        except (DatabaseError, psycopg.Error) as error:
            reason = reading.first_line(error)
            sentence = f"The database reported an error and nothing was changed: {reason}"
            raise CommandError(sentence) from error
        except KeyboardInterrupt:
            print("Stopped; nothing was changed.", file=sys.stderr)
            sys.exit(130)
        self.stdout.write("\n".join(lines))
        if differs:
            raise CommandError("The two databases differ; see the differences above.")

    def _run(
        self, source: str, progress: steps.Progress, options: dict[str, Any]
    ) -> tuple[list[str], bool]:
        """Return the output lines, and whether the two sides differ."""
        if options["verify"]:
            verdict = conversion.check(connection, apps, source=source, progress=progress)
            return list(output.verdict(verdict)), bool(verdict.faults)
        conversion_options = ConversionOptions(
            options["dry_run"], options["requeue_unfinished"], options["report"]
        )
        outcome = conversion.convert(
            connection, apps, source=source, options=conversion_options, progress=progress
        )
        if conversion_options.requeue_unfinished and not conversion_options.dry_run:
            wake_workers()
        lines = list(output.outcome(outcome, dry_run=conversion_options.dry_run))
        return lines, bool(outcome.since and outcome.since.faults)


def _source(alias: str) -> str:
    """Return the alias of the other database; empty if the tables are in the default one."""
    if alias not in connections.databases:
        known = ", ".join(sorted(connections.databases))
        raise CommandError(f"There is no database {alias!r}; there are: {known}.")
    if alias == "default":
        return ""
    if connections[alias].vendor != "postgresql":
        raise CommandError(f"The database {alias!r} is not a PostgreSQL database.")
    return alias


@contextmanager
def _progress() -> Iterator[steps.Progress]:
    """Yield the progress callback; it shows a bar on a terminal."""
    console = Console(stderr=True)
    if not (console.is_terminal and sys.stderr.isatty()):
        yield steps.silent
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda label, done, total: bar.update(
            task, description=label, completed=done, total=total
        )
