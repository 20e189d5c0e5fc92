"""`manage.py export_corrections`: export corrections as page labels."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from scans.corrections.download import as_json, save_pages
from scans.corrections.export import labels
from scrapersky.web.commands import SafeCommand


class Command(SafeCommand):
    help = "Print the corrected results as JSON labels of pages, and optionally fetch those pages."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--fetch",
            metavar="FOLDER",
            type=Path,
            help="fetch the pages too, as robots.txt allows, and write FOLDER/pages, "
            "FOLDER/urls.tsv and FOLDER/labels.json, which extract_page can be scored with",
        )

    def handle(self, *, fetch: Path | None, **options: Any) -> None:
        pages = labels()
        self.stdout.write(as_json(pages))
        if fetch is None:
            return
        try:
            saved = save_pages(pages, fetch, self.stderr.write)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise CommandError(f"{error.filename or fetch} cannot be written: {reason}.") from error
        self.stderr.write(f"Saved {saved:,} of {len(pages):,} pages in {fetch}.")
