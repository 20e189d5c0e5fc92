"""Scan sites immediately, in this process, without a database."""

import json
import logging
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from batches.exports import Facts, facts
from batches.management.arguments import add_options, read_options
from batches.models import Job
from batches.options import BatchOptions, inline_options
from batches.terminal import progress_bar, result_lines
from scans.engine.errors import FailureReason, ScanError
from scans.engine.scanner import scan_site
from scans.engine.session.budget import Stop
from scans.fetch_settings import fetch_settings
from scrapersky.web.commands import SafeCommand
from scrapersky.web.text import printable

logger = logging.getLogger(__name__)


class Command(SafeCommand):
    help = (
        "Scan sites and print the results, without a database or workers. "
        "Progress goes to stderr; exits 1 if any site failed."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("domains", nargs="+", metavar="DOMAIN")
        parser.add_argument("--json", action="store_true", help="print one JSON object per line")
        add_options(parser, inline_options())

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # warns about malformed headers
        domains = list(dict.fromkeys(options["domains"]))
        scan = InlineScan(domains, read_options(options))
        failed = False
        try:
            for result in scan.results():
                lines = [json.dumps(result)] if options["json"] else result_lines(result)
                self.stdout.write("\n".join(lines))
                self.stdout.flush()
                failed = failed or result["status"] == Job.Status.FAILED
        except KeyboardInterrupt:
            sys.exit(130)
        if failed:
            sys.exit(1)


class InlineScan:
    """Scans in threads, with a progress bar on stderr."""

    def __init__(self, domains: list[str], options: BatchOptions) -> None:
        self.domains = domains
        self.options = options
        self.stop = Stop()
        self.bar = progress_bar(Console(stderr=True))
        self.task = self.bar.add_task("starting", total=len(domains))
        self.shares = dict.fromkeys(domains, 0.0)

    def results(self) -> Iterator[Facts]:
        """Yield a result for each domain, in input order."""
        threads = min(self.options.max_concurrent, len(self.domains))
        with ThreadPoolExecutor(threads) as pool, self.bar:
            try:
                yield from pool.map(self._scan, self.domains)
            finally:  # also if the reader goes away: send no further requests
                self.stop.set()

    def _scan(self, domain: str) -> Facts:
        started = time.monotonic()
        try:
            report = scan_site(
                domain,
                self.options.limits(),
                settings=fetch_settings(),
                on_stage=lambda stage, share: self._show(domain, stage, share),
                stop=self.stop,
            ).as_dict()
            outcome: dict[str, Any] = {"status": Job.Status.COMPLETE, "report": report}
        except ScanError as error:
            outcome = _failure(error)
        except Exception:  # a job ends here; the other sites go on
            logger.exception("scanning %s failed", domain)
            outcome = _failure(ScanError(FailureReason.INTERNAL_ERROR))
        self._show(domain, "done", 1.0)
        seconds = time.monotonic() - started
        return facts(domain=domain, seconds=seconds, scanned_at=datetime.now(UTC), **outcome)

    def _show(self, domain: str, stage: str, share: float) -> None:
        self.shares[domain] = share
        description = f"{printable(domain)}: {stage}"
        self.bar.update(self.task, description=description, completed=sum(self.shares.values()))


def _for_operators(error: ScanError) -> str:
    """Return the message, including the address that only operators may see."""
    if not error.private_address or error.private_address in error.sentence:
        return error.sentence
    return f"{error.sentence} The address is {error.private_address}."


def _failure(error: ScanError) -> dict[str, Any]:
    return {
        "status": Job.Status.FAILED,
        "failure_reason": error.reason.value,
        "error": _for_operators(error),
        "report": {"requests": [asdict(record) for record in error.requests]},
    }
