"""Create a batch from a file of domains."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from rich.console import Console

from batches.list_parsing import chunks_of, read_upload, rejections
from batches.management.arguments import add_options, find_owner, read_options
from batches.models import Batch
from batches.services import create_batch
from batches.terminal import batch_lines, batch_summary, follow
from scans.engine.lists.collection import DomainList
from scans.engine.lists.decoding import UnreadableFile
from scrapersky.web.commands import SafeCommand


class Command(SafeCommand):
    help = (
        "Create a batch of the domains in a text or CSV file; the workers start at once. "
        "Prints its id; lines that cannot be scanned go to stderr."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a text or CSV file, or - for standard input")
        parser.add_argument("--name", default="", help="how you will recognise the batch")
        parser.add_argument("--column", default="", help="of a CSV: its name, or number from 1")
        parser.add_argument("--user", default="", help="whose batch it is; default: nobody's")
        parser.add_argument("--wait", action="store_true", help="exit 1 unless it ends complete")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        found = _read(options["file"], options["column"])
        self._report_rejections(found)
        if not found.accepted:
            raise CommandError("There is no domain to scan in the file.")
        batch = _create(found, options)
        if not options["json"]:
            self.stdout.write(str(batch.pk))
            self.stdout.flush()
        if options["wait"]:
            self._wait(batch)
        self._tell(batch, found, options)
        if options["wait"] and batch.status != Batch.Status.COMPLETE:
            sys.exit(1)

    def _report_rejections(self, found: DomainList) -> None:
        for line in found.rejected:
            self.stderr.write(f"line {line.line}: {line.value!r}: {line.reason}")
        if more := found.rejected_count - len(found.rejected):
            self.stderr.write(f"{more:,} more lines were left out.")

    def _wait(self, batch: Batch) -> None:
        try:
            follow(batch, Console(stderr=True))
        except KeyboardInterrupt:
            self.stderr.write(f"The batch goes on: manage.py batch {batch.pk} status")
            sys.exit(130)

    def _tell(self, batch: Batch, found: DomainList, options: dict[str, Any]) -> None:
        summary = batch_summary(batch)
        if options["json"]:
            summary |= {
                "duplicates": found.duplicates,
                "invalid": [asdict(line) for line in found.rejected],
                "invalid_count": found.rejected_count,
            }
            self.stdout.write(json.dumps(summary))
        elif options["wait"]:
            self.stdout.write("\n".join(batch_lines(summary)))
        else:
            count = found.rejected_count
            rejected = f", {count:,} lines left out" if count else ""
            self.stderr.write(f"{batch.total:,} domains{rejected}.")


def _read(name: str, column: str) -> DomainList:
    try:
        if name == "-":
            return read_upload(chunks_of(sys.stdin.buffer), filename="", column=column)
        with Path(name).open("rb") as file:
            return read_upload(chunks_of(file), filename=name, column=column)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}.") from error
    except UnreadableFile as error:
        raise CommandError(f"{name}: {error}") from error


def _create(found: DomainList, options: dict[str, Any]) -> Batch:
    scan_options = read_options(options)
    tenant, user = find_owner(options["user"])
    try:
        return create_batch(
            tenant=tenant,
            created_by=user,
            domains=found.hosts,
            options=scan_options.as_dict(),
            name=options["name"],
            metadata=rejections(found),
        )
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
