"""Ask after a batch."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand

from batches.management.arguments import find_batch
from batches.models import Batch
from batches.terminal import batch_lines, batch_summary

Action = Callable[[Batch], object]


def look(batch: Batch) -> None:
    """Change nothing: how far the batch got is told after every action."""


ACTIONS: dict[str, Action] = {
    "status": look,
}


class Command(BaseCommand):
    help = "Ask after a batch by its UUID or legacy id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="UUID or legacy id of the batch")
        parser.add_argument("action", choices=ACTIONS)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        batch = find_batch(options["id"])
        ACTIONS[options["action"]](batch)
        batch.refresh_from_db()
        summary = batch_summary(batch)
        text = json.dumps(summary) if options["json"] else "\n".join(batch_lines(summary))
        self.stdout.write(text)
