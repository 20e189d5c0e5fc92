"""Read stored reports, whichever version of the engine wrote them.

Reports outlive the version that wrote them. The model fields in this module fill in missing fields
on loading, so that pages, exports and the API see every report in the current format. If you rename
a field of `SiteReport` or change its meaning, increase `REPORT_VERSION` and add a step to
`UPGRADES`; adding a field needs neither.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

from django.db import models
from django.db.models.fields.json import KeyTransform

from scans.engine.report import PageEntry, SiteReport

Report = dict[str, Any]

# Reports before 2026-11-25 have no version.
FIRST_VERSION = 1
# A key that every report has, and no other result of a job.
MARKS_OF_A_REPORT = frozenset({"domain", "started_at", "finished_at", "verdict"})
# Version -> function that upgrades a report in place to the next version.
UPGRADES: Mapping[int, Callable[[Report], None]] = {}


def read_report(stored: Any) -> Report:
    """Return a stored report with all current fields.

    Missing fields, and those of a wrong type, get empty defaults; unknown fields and the original
    `version` are kept. A value that is not a report is returned unchanged.
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
    """Return the stored result of a job: a test run's report, or a failed scan's requests.

    Anything else, such as the result of a converted job, is returned unchanged.
    """
    if not isinstance(stored, dict):
        return stored
    if len(stored.keys() & MARKS_OF_A_REPORT) >= len(MARKS_OF_A_REPORT) - 1:
        return read_report(stored)
    if isinstance(stored.get("requests"), list):
        return stored | {"requests": _filled(stored["requests"], _items()["requests"])}
    return stored


def _fits(value: Any, default: Any) -> bool:
    """Return whether a value has the type of this default."""
    if isinstance(default, bool) or not isinstance(default, int | float):
        return isinstance(value, type(default))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _filled(items: list[Any], defaults: Report) -> list[Report]:
    """Return the items with missing fields filled in."""
    known = defaults.keys()
    return [
        item if known <= item.keys() else defaults | item
        for item in items
        if isinstance(item, dict)
    ]


def _empty_report() -> Report:
    """Return an empty report with fresh lists and dictionaries."""
    return SiteReport(domain="", started_at="", finished_at="").as_dict()


@cache
def _items() -> dict[str, Report]:
    """Return the defaults for one item of each list in a report: contacts, requests, ..."""
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
    """A JSON column whose values pass through a function on loading; plain JSON for migrations."""

    read: Callable[[Any], Any]

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        stored = super().from_db_value(value, expression, connection)
        # NULL is not a report, and a lookup into the JSON (`report__coverage`) returns only a part.
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
