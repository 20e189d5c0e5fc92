"""Management commands whose output cannot control the terminal."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.db import DatabaseError, InterfaceError

from scrapersky.web.text import printable_lines


class SafeOutput(OutputWrapper):
    """An output that escapes control characters, as commands print text from sites and files."""

    def write(self, msg: str = "", *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        super().write(printable_lines(msg), *args, **kwargs)


class SafeCommand(BaseCommand):
    """A command that prints untrusted text, and a failure of the database in one sentence."""

    def __init__(self, stdout: Any = None, stderr: Any = None, **kwargs: Any) -> None:
        super().__init__(stdout, stderr, **kwargs)
        error_style = self.stderr.style_func
        for name in ("stdout", "stderr"):
            setattr(self, name, SafeOutput(getattr(self, name)._out))
        self.stderr.style_func = error_style

    def execute(self, *args: Any, **options: Any) -> Any:
        for name in ("stdout", "stderr"):
            if options.get(name):
                options[name] = SafeOutput(options[name])
        try:
            return super().execute(*args, **options)
        except (DatabaseError, InterfaceError) as error:
            reason = " ".join(str(error).split())
            raise CommandError(f"The database cannot be used: {reason[:300]}") from error
