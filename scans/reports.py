"""Read stored reports, whichever version of the engine wrote them.

A report outlives the version that wrote it. Model fields of this module fill in what it lacks as
it is loaded, so that pages, exports and the API read every report in today's shape. Whoever renames
a field of `SiteReport`, or changes what it means, raises `REPORT_VERSION` and adds a step to
`UPGRADES`; a field that is only added needs neither.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

from django.db import models
from django.db.models.fields.json import KeyTransform

from scans.engine.report import PageEntry, SiteReport

Report = dict[str, Any]

# Reports before 2026-11-25 name no version.
FIRST_VERSION = 1
# What every report holds and nothing else that a job may have as its result.
MARKS_OF_A_REPORT = frozenset({"domain", "started_at", "finished_at", "verdict"})
# Version -> the function that turns a report of it, in place, into one of the next version.
UPGRADES: Mapping[int, Callable[[Report], None]] = {}


def read_report(stored: Any) -> Report:
    """Return a stored report with every field that a report has today.

    What it lacks, or holds in another type, is as in a report of a scan that saw nothing; what it
    has beyond is kept. Its `version` stays the one it was written by. What has no field of a report
    is none, and is returned as it is.
    """
    report = dict(stored) if isinstance(stored, dict) else {}
    if report and not report.keys() & _empty_report().keys():
        return report
    version = report.setdefault("version", FIRST_VERSION)
    while version in UPGRADES:
        UPGRADES[version](report)
        version += 1
    for name, default in _empty_report().items():
        if not _fits(report.get(name), default):
            report[name] = default
    report["robots"] = _empty_report()["robots"] | report["robots"]
    for name, defaults in _items().items():
        report[name] = _filled(report[name], defaults)
    report.setdefault("page_count", len(report["pages"]))
    return report


def read_result(stored: Any) -> Any:
    """Return the stored result of a job: the report of a test run, or what a failed scan left.

    Anything else, such as the result of a job of the older system, is returned as it is.
    """
    if not isinstance(stored, dict):
        return stored
    if len(stored.keys() & MARKS_OF_A_REPORT) >= len(MARKS_OF_A_REPORT) - 1:
        return read_report(stored)
    if isinstance(stored.get("requests"), list):
        return stored | {"requests": _filled(stored["requests"], _items()["requests"])}
    return stored


def _fits(value: Any, default: Any) -> bool:
    """Return whether a value can stand where a report has this default."""
    if isinstance(default, bool) or not isinstance(default, int | float):
        return isinstance(value, type(default))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _filled(items: list[Any], defaults: Report) -> list[Report]:
    """Return the items with the fields that they lack."""
    known = defaults.keys()
    return [
        item if known <= item.keys() else defaults | item
        for item in items
        if isinstance(item, dict)
    ]


def _empty_report() -> Report:
    """Return a report of a scan that saw nothing, its lists and dictionaries not shared."""
    return SiteReport(domain="", started_at="", finished_at="").as_dict()


@cache
def _items() -> dict[str, Report]:
    """Return the defaults of one item of each list of a report: contacts, requests, ..."""
    kinds = {name: get_args(hint)[:1] for name, hint in get_type_hints(SiteReport).items()}
    return {
        name: _defaults(kind)
        for name, args in kinds.items()
        for kind in args
        if is_dataclass(kind) or kind is PageEntry
    }


def _defaults(kind: Any) -> Report:
    if kind is PageEntry:
        return {name: PageEntry._field_defaults.get(name, "") for name in PageEntry._fields}
    return {
        item.name: "" if item.default is MISSING else item.default
        for item in fields(kind)
        if item.default_factory is MISSING
    }


class _StoredField(models.JSONField):
    """A JSON column that is read through one function; to the database and to migrations, JSON."""

    read: Callable[[Any], Any]

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        stored = super().from_db_value(value, expression, connection)
        # NULL is no report; a lookup into the JSON (`report__coverage`) returns a part of one.
        if value is None or isinstance(expression, KeyTransform):
            return stored
        return type(self).read(stored)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs


class ReportField(_StoredField):
    """The report of a scan."""

    read = staticmethod(read_report)


class ResultField(_StoredField):
    """The result of a job, which may be a report."""

    read = staticmethod(read_result)
