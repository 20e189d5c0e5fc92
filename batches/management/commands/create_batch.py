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

from batches.list_parsing import read_upload, refusals
from batches.management.arguments import add_options, find_owner, read_options
from batches.models import Batch
from batches.services import create_batch
from batches.terminal import batch_lines, batch_summary, follow
from scans.engine.domains import DomainList, UnreadableFile
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
        for line in found.refused:
            self.stderr.write(f"line {line.line}: {line.value!r}: {line.reason}")
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

    def _wait(self, batch: Batch) -> None:
        try:
            follow(batch, Console(stderr=True))
        except KeyboardInterrupt:
            self.stderr.write(f"The batch goes on: manage.py batch {batch.pk} status")
            sys.exit(130)

    def _tell(self, batch: Batch, found: DomainList, options: dict[str, Any]) -> None:
        summary = batch_summary(batch)
        if options["json"]:
            invalid = [asdict(line) for line in found.refused]
            told = summary | {"duplicates": found.duplicates, "invalid": invalid}
            self.stdout.write(json.dumps(told))
        elif options["wait"]:
            self.stdout.write("\n".join(batch_lines(summary)))
        else:
            refused = f", {len(found.refused)} lines refused" if found.refused else ""
            self.stderr.write(f"{batch.total} domains{refused}.")


def _read(name: str, column: str) -> DomainList:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return read_upload(data, filename=name, column=column)
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
            domains=[line.host for line in found.accepted],
            options=scan_options.as_dict(),
            name=options["name"],
            metadata=refusals(found),
        )
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
