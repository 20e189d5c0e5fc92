"""Create a batch from a file of domains."""

import json
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from rich.console import Console

from batches import building
from batches.large_lists import (
    LargeList,
    create_batch_of_any_size,
    create_large_batch,
    saved_list,
)
from batches.list_parsing import (
    chunks_of,
    is_table,
    kept_rows,
    may_be_larger,
    read_upload,
    rejected_of,
    rejections,
)
from batches.management.arguments import add_options, find_owner, read_options
from batches.models import Batch
from batches.options import all_options
from batches.services import create_batch
from batches.skipping import MAX_DAYS, Skips
from batches.sources import parsed_source, source_of_list
from batches.terminal import POLL_EVERY, batch_lines, batch_summary, follow
from scans.domain_lists.services import find_by_name
from scans.engine.lists.collection import ListTooLong, ParsedList
from scans.engine.lists.errors import UnreadableFile
from scrapersky.web.commands import SafeCommand


class Command(SafeCommand):
    help = (
        "Create a batch from a file or a saved list, which the workers start at once. "
        "Print its id, and rejected lines to stderr."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            nargs="?",
            help="text, CSV, JSON, a spreadsheet, or a ZIP file of one; - for standard input",
        )
        parser.add_argument(
            "--list", default="", help="instead of a file: the name of a saved list"
        )
        parser.add_argument("--name", default="", help="a name for the batch")
        parser.add_argument(
            "--column", default="", help="column of a CSV: its name, or its number from 1"
        )
        parser.add_argument(
            "--sheet", default="", help="sheet of a workbook; default: the one with most domains"
        )
        parser.add_argument(
            "--skip-scanned-within",
            type=_days,
            metavar="DAYS",
            help="skip domains that were scanned within so many days",
        )
        parser.add_argument(
            "--skip-known", action="store_true", help="skip domains that are known, scanned or not"
        )
        parser.add_argument("--user", default="", help="the user who owns the batch; default: none")
        parser.add_argument("--wait", action="store_true", help="exit 1 unless the batch completes")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        add_options(parser, all_options())

    def handle(self, *args: Any, **options: Any) -> None:
        batch, parsed = _created(options, self._report_rejections)
        if not options["json"]:
            self.stdout.write(str(batch.pk))
            self.stdout.flush()
        if options["wait"]:
            self._wait(batch)
        self._print_summary(batch, parsed, options)
        if options["wait"] and batch.status != Batch.Status.COMPLETE:
            sys.exit(1)

    def _report_rejections(self, parsed: ParsedList) -> None:
        for line in parsed.rejected:
            self.stderr.write(f"line {line.line}: {line.value!r}: {line.reason}")
        if more := parsed.rejected_count - len(parsed.rejected):
            self.stderr.write(f"{more:,} more lines were rejected.")

    def _wait(self, batch: Batch) -> None:
        try:
            follow(batch, Console(stderr=True))
        except KeyboardInterrupt:
            self.stderr.write(f"The batch is still running: manage.py batch {batch.pk} status")
            sys.exit(130)

    def _print_summary(self, batch: Batch, parsed: ParsedList, options: dict[str, Any]) -> None:
        summary = batch_summary(batch)
        if options["json"]:
            summary |= {
                "duplicates": parsed.duplicates,
                "invalid": [asdict(line) for line in parsed.rejected],
                "invalid_count": parsed.rejected_count,
                "skipped": batch.metadata.get("skipped", 0),
            }
            self.stdout.write(json.dumps(summary))
        elif options["wait"]:
            self.stdout.write("\n".join(batch_lines(summary)))
        else:
            count = parsed.rejected_count
            rejected = f", {count:,} lines rejected" if count else ""
            left_out = batch.metadata.get("skipped", 0)
            skipped = f", {left_out:,} known domains skipped" if left_out else ""
            self.stderr.write(f"{batch.total:,} domains{rejected}{skipped}.")


def _days(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= MAX_DAYS:
        return int(text)
    raise ArgumentTypeError(f"give a number of days from 1 to {MAX_DAYS}, not {text!r}")


def _created(
    options: dict[str, Any], report: Callable[[ParsedList], None]
) -> tuple[Batch, ParsedList]:
    """Create a batch from a file, in chunks if it is large; return it and the rejected lines."""
    if bool(options["list"]) == bool(options["file"]):
        raise CommandError("Name a file, or a saved list with --list, not both.")
    if options["list"]:
        return _created_from_list(options["list"], options)
    name = options["file"]
    try:
        with _opened(name) as file:
            return _create_from(file, options, report)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}.") from error
    except UnreadableFile as error:
        raise CommandError(f"{name}: {error}") from error
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error


def _created_from_list(name: str, options: dict[str, Any]) -> tuple[Batch, ParsedList]:
    """Create a batch of the domains in a saved list of the owner's tenant."""
    arguments = _params(options)
    row = find_by_name(arguments["tenant"].pk, name)
    if row is None:
        raise CommandError(f"There is no list named “{name}” in {arguments['tenant']}.")
    source = source_of_list(row)
    try:
        hosts = source.hosts()
        batch = create_batch_of_any_size(domains=hosts, metadata=source.metadata, **arguments)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    return batch, parsed_source(hosts)


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """Open a file so that it can be read twice; standard input is copied to a private file."""
    if name != "-":
        with Path(name).open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.seek(0)
        yield file


def _create_from(
    file: IO[bytes], options: dict[str, Any], report: Callable[[ParsedList], None]
) -> tuple[Batch, ParsedList]:
    filename = "" if options["file"] == "-" else options["file"]
    try:
        parsed = read_upload(
            chunks_of(file),
            filename=filename,
            column=options["column"],
            sheet=options["sheet"],
            keep=kept_rows(is_wanted=read_options(options).keep_columns),
        )
    except ListTooLong:
        if not may_be_larger():
            raise
        file.seek(0)
        source = LargeList(
            chunks_of(file),
            is_table=is_table(filename),
            column=options["column"],
            sheet=options["sheet"],
        )
        return _create_large(source, options, report)
    report(parsed)
    if not parsed.accepted:
        raise CommandError("The file contains no domain that can be scanned.")
    arguments = _params(options)
    left_out = rejections(parsed)
    batch = create_batch(domains=parsed.hosts, metadata=left_out, rows=parsed.rows, **arguments)
    return batch, parsed


def _create_large(
    source: LargeList, options: dict[str, Any], report: Callable[[ParsedList], None]
) -> tuple[Batch, ParsedList]:
    """Read a large list completely; if this process is killed, the queue reads the rest."""
    with saved_list(source) as saved:
        batch = create_large_batch(saved, in_background=False, **_params(options))
    building.build(batch.pk)
    batch.refresh_from_db()
    while batch.is_building:  # housekeeping considered this process dead
        time.sleep(POLL_EVERY)
        batch.refresh_from_db()
    parsed = rejected_of(batch.metadata)
    report(parsed)
    if batch.error:
        raise UnreadableFile(batch.error)
    return batch, parsed


def _params(options: dict[str, Any]) -> dict[str, Any]:
    scan_options = read_options(options)
    tenant, user = find_owner(options["user"])
    return {
        "tenant": tenant,
        "created_by": user,
        "options": scan_options.as_dict(),
        "name": options["name"],
        "skips": Skips.of(
            scanned_within=options["skip_scanned_within"], known=options["skip_known"]
        ),
    }
