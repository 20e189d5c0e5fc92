"""Show, cancel, pause, resume, retry or rerun a batch."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from batches import transitions
from batches.management.arguments import find_batch, read_assignments, refusal_of
from batches.models import Batch
from batches.terminal import batch_lines, batch_summary
from batches.transitions import TransitionError
from scans.engine.errors import FailureReason
from scrapersky.web.commands import SafeCommand

Action = Callable[..., Batch]


def look(batch: Batch) -> Batch:
    """Do nothing; the progress is printed after every action."""
    return batch


def rerun(batch: Batch) -> Batch:
    """Create a new batch of the same domains for the same owner."""
    return transitions.rerun_batch(batch, created_by=batch.created_by)


ACTIONS: dict[str, Action] = {
    "status": look,
    "cancel": transitions.cancel_batch,
    "pause": transitions.pause_batch,
    "resume": transitions.resume_batch,
    "retry": transitions.retry_batch,
    "rerun": rerun,
}


class Command(SafeCommand):
    help = "Show, pause, resume, cancel, retry or repeat a batch, then print its progress."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="UUID of the batch, or its id in the older system")
        parser.add_argument("action", choices=ACTIONS, help="rerun prints the new batch")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        group = parser.add_argument_group("retry")
        group.add_argument(
            "--reason",
            action="append",
            default=[],
            choices=[reason.value for reason in FailureReason],
            metavar="REASON",
            help="retry only this failure reason, as shown by `status`; repeatable",
        )
        group.add_argument(
            "--option",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="retry with options such as site_deadline=120 or obey_robots=no; repeatable",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        changes = retry_arguments(options)
        batch = find_batch(options["id"])
        try:
            changed = ACTIONS[options["action"]](batch, **changes)
        except TransitionError as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(refusal_of(error)) from error
        summary = batch_summary(changed)
        text = json.dumps(summary) if options["json"] else "\n".join(batch_lines(summary))
        self.stdout.write(text)


def retry_arguments(options: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a retry; raise `CommandError` if another action has them."""
    if options["action"] == "retry":
        return {"reasons": options["reason"], "options": read_assignments(options["option"])}
    if options["reason"] or options["option"]:
        raise CommandError("--reason and --option work only with retry.")
    return {}
