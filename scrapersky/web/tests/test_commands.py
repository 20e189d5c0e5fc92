"""The output of commands cannot control the terminal."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, get_commands, load_command_class
from django.db import OperationalError

from scrapersky.web.commands import SafeCommand

APPS = ("scrapersky", "batches", "scans")
OURS = sorted(name for name, app in get_commands().items() if app.split(".")[0] in APPS)


@pytest.mark.parametrize("name", OURS)
def test_every_command_of_the_project_prints_safely(name: str) -> None:
    assert isinstance(load_command_class(get_commands()[name], name), SafeCommand)


class Hostile(SafeCommand):
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("title \x1b[2J\n\tsecond line \x9b31m")
        self.stderr.write("line 1: \x1b]0;pwned\x07")
        raise CommandError("no column \x1b[31m")


def test_output_errors_and_refusals_are_escaped() -> None:
    out, err = StringIO(), StringIO()
    command = Hostile(stdout=out, stderr=err)
    with pytest.raises(SystemExit):
        command.run_from_argv(["manage.py", "hostile"])
    assert out.getvalue() == "title \\x1b[2J\n\tsecond line \\x9b31m\n"
    assert err.getvalue() == "line 1: \\x1b]0;pwned\\x07\nCommandError: no column \\x1b[31m\n"


class WithoutDatabase(SafeCommand):
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        raise OperationalError("connection refused\n\tIs the server running?")


def test_a_failure_of_the_database_is_one_sentence() -> None:
    err = StringIO()
    with pytest.raises(SystemExit):
        WithoutDatabase(stderr=err).run_from_argv(["manage.py", "without_database"])
    assert err.getvalue() == (
        "CommandError: The database cannot be used: connection refused Is the server running?\n"
    )
