"""The contents of the log, which `make run` shows in a terminal."""

import logging
import os
import subprocess
import sys

import pytest
from django.conf import settings

from scrapersky.web.logs import LineFormatter

HOSTILE = "\x1b[2J\x9b31m\r\n2026-11-25 12:00:00,000 INFO forged\u202e"


def record(message: str, *arguments: object, **kwargs: object) -> logging.LogRecord:
    return logging.LogRecord("scans", logging.WARNING, "", 1, message, arguments, **kwargs)  # type: ignore[arg-type]


def raised(text: str) -> object:
    try:
        raise ValueError(text)
    except ValueError:
        return sys.exc_info()


def test_a_hostile_header_in_a_message_is_one_escaped_line() -> None:
    line = LineFormatter().format(record("Server: %s", HOSTILE, exc_info=None))
    assert len(line.splitlines()) == 1
    assert r"\x1b[2J\x9b31m\r\n2026" in line
    assert line.isprintable()


def test_a_hostile_text_in_a_traceback_starts_no_line_and_steers_nothing() -> None:
    text = LineFormatter().format(record("failed", exc_info=raised(HOSTILE)))
    first, *rest = text.splitlines()
    assert first.endswith("scans failed")
    assert all(line.startswith("  ") for line in rest)
    assert "\x1b" not in text
    assert "\x9b" not in text


def test_a_traceback_that_another_handler_cached_is_escaped_too() -> None:
    shared = record("failed", exc_info=raised(HOSTILE))
    logging.Formatter().format(shared)
    assert "\x1b" not in LineFormatter().format(shared)


@pytest.mark.parametrize(
    "setup",
    [
        "import django; django.setup()",
        "from scrapersky.web.logs import log_to_stderr; log_to_stderr()",
    ],
)
def test_every_logger_of_a_process_writes_escaped_lines(setup: str) -> None:
    names = ["scans.engine", "urllib3.connection", "django-q", "django.server"]
    program = f"""{setup}
import logging
for name in {names!r}:
    logging.getLogger(name).error("%s", {HOSTILE!r})"""
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        check=True,
    )
    assert run.stderr.count(rb"\x1b[2J") == len(names)
    assert b"\x1b" not in run.stderr
    assert len(run.stderr.splitlines()) == len(names)
