"""Filters of a list: a query parameter, how it is parsed, and the resulting condition.

A filter is one line in a list's definition. Its values are combined with OR, filters with AND; a
filter that excludes leaves out the rows of every one of its values.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    Q,
    QuerySet,
    Value,
)
from django.db.models.expressions import Combinable
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from scrapersky.tenants.models import User
from scrapersky.web.regional import grouped
from scrapersky.web.text import sanitize

Condition = Q | Combinable | Exists
Choices = Sequence[tuple[str, str]]
# Maximum length of a text, and maximum number of values, per filter.
MAX_LENGTH = 500
MAX_URL_LENGTH = 4_000
MAX_VALUES = 50
_LAST = re.compile(r"(\d{1,5})\s*([hdwmy])", re.IGNORECASE)
_UNITS = {"h": 1, "d": 24, "w": 168, "m": 730, "y": 8_766}


class BadValue(ValueError):  # noqa: N818 (a name that reads as what it says)
    """An invalid filter value, with a message on what is accepted."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One query parameter of a list.

    `read` parses each text or raises BadValue; `condition` converts the values into a condition on
    the rows. `choices` are all accepted values as (value, label).
    """

    name: str
    label: str
    read: Callable[[str], Any]
    condition: Callable[[list[Any]], Condition]
    choices: Choices = ()
    # Values suggested while typing; others are accepted too.
    suggestions: Callable[[User], Iterable[str]] | None = None
    group: str = ""
    input_type: str = "text"
    placeholder: str = ""
    is_multiple: bool = False
    # Whether two values would contradict each other.
    is_single: bool = False
    max_length: int = MAX_LENGTH
    help_text: str = ""
    # Whether surrounding blanks are significant, as in ids of the older system.
    keeps_blanks: bool = False
    # In the sort order `leads_in`, rows that satisfy `leading` come first, because they are
    # contiguous in its index. All of them match the filter.
    leading: Callable[[Any], Condition] | None = None
    leads_in: str = ""
    # Returns an equivalent condition that suits how many rows of these tenants match, and whether
    # it is the only filter; None if there is nothing better than `condition`.
    by_frequency: Callable[[list[Any], Sequence[Any], bool], Condition | None] | None = None
    # The first field of the index that the condition reads a range of, and the values for which it
    # does.
    range_of: str = ""
    is_range: Callable[[Any], bool] = lambda value: True
    # Returns a text that means the same later: of an age, its moment.
    lasting: Callable[[str], str] = str

    def values(self, texts: Iterable[str]) -> list[Any]:
        """Return the values of a parameter, each once, without empty texts. Raises BadValue."""
        cleaned = dict.fromkeys(map(sanitize, texts))
        entered = [text for text in cleaned if text.strip()]
        if len(entered) > (most := 1 if self.is_single else MAX_VALUES):
            raise BadValue(f"Enter {'one value' if most == 1 else f'at most {most} values'}.")
        return [self._value(text) for text in entered]

    def _value(self, text: str) -> Any:
        if len(text) > self.max_length:
            raise BadValue(f"Enter at most {grouped(self.max_length)} characters.")
        return self.read(text if self.keeps_blanks else text.strip())

    def apply(self, rows: QuerySet, values: list[Any]) -> QuerySet:
        return rows.filter(self.condition(values)) if values else rows

    def as_lasting(self, text: str) -> str:
        """Return a value as text that means the same later."""
        return self.lasting(text if self.keeps_blanks else text.strip())

    def described(self, text: str) -> str:
        """Return a value's label for a chip."""
        return dict(self.choices).get(text, text)


def any_of(condition: Callable[[Any], Condition]) -> Callable[[list[Any]], Condition]:
    """Combine the conditions of several values with OR."""

    def combined(values: list[Any]) -> Condition:
        result: Any = Q()
        for value in values:
            result |= Q(condition(value))
        return result

    return combined


def none_of(condition: Callable[[Any], Condition]) -> Callable[[list[Any]], Condition]:
    """Return the condition of rows for which the condition of no value holds."""

    def combined(values: list[Any]) -> Condition:
        result: Any = Q()
        for value in values:
            result &= ~Q(condition(value))
        return result

    return combined


def text(
    name: str,
    label: str,
    condition: Callable[[str], Condition],
    *,
    read: Callable[[str], Any] = str,
    excludes: bool = False,
    **options: Any,
) -> Filter:
    """Define a filter by free text; with `excludes`, it leaves out the rows that match."""
    combine = none_of if excludes else any_of
    return Filter(name, label, read, combine(condition), **options)


class Not(Func):
    """The condition that a field does not have the value excluded from its partial index.

    SQLite uses such an index only if the query repeats its condition. PostgreSQL infers it from
    other conditions and would count it as an additional one.
    """

    output_field = BooleanField()
    conditional = True

    @classmethod
    def of(cls, field: str, value: str) -> "Not":
        return cls(F(field), Value(value))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="NOT (%(expressions)s)", arg_joiner=" = ")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return "TRUE", []


class RowByRow(Func):
    """Test a condition on the rows of the list in their order, instead of reading its index.

    SQLite takes any range of an index for a few rows, and reads and sorts all of them. PostgreSQL
    knows from its statistics how many there are.
    """

    output_field = BooleanField()
    conditional = True

    @classmethod
    def of(cls, condition: Condition) -> "RowByRow":
        return cls(ExpressionWrapper(Q(condition), output_field=BooleanField()))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="+(%(expressions)s)")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s)")


class Missing(Func):
    """State that a field has no value, beside a condition that says so already.

    PostgreSQL starts from its index where few rows have none. SQLite cannot tell how many these
    are, and only reads the field before it tries the other condition.
    """

    output_field = BooleanField()
    conditional = True

    @classmethod
    def of(cls, field: str) -> "Missing":
        return cls(F(field))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s IS NULL")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s IS NULL")


def choice(
    name: str,
    label: str,
    choices: Choices,
    condition: Callable[[list[str]], Condition] | str,
    *,
    common: str | None = None,
    **options: Any,
) -> Filter:
    """Define a filter by a choice of values; `condition` may be a field name.

    `common` is the value of the field that its partial index excludes.
    """
    known = {value for value, _ in choices}

    def read(text: str) -> str:
        if text not in known:
            raise BadValue(f"“{text}” is not one of {', '.join(value for value, _ in choices)}.")
        return text

    by = _in_field(condition, common) if isinstance(condition, str) else condition
    return Filter(name, label, read, by, choices=choices, is_multiple=True, **options)


def single(
    name: str,
    label: str,
    read: Callable[[str], Any],
    condition: Callable[[Any], Condition],
    **options: Any,
) -> Filter:
    """Define a filter that takes one value."""
    by = lambda values: condition(values[0])  # noqa: E731
    return Filter(name, label, read, by, is_single=True, **options)


def flag(name: str, label: str, condition: Callable[[bool], Condition], **options: Any) -> Filter:
    """Define a yes/no filter."""
    choices = (("yes", "Yes"), ("no", "No"))
    return single(name, label, _read_flag, condition, choices=choices, **options)


def number(
    name: str, label: str, condition: Callable[[int], Condition] | str, **options: Any
) -> Filter:
    """Define a filter by a whole number; `condition` may be a field with `__gte` or `__lte`."""
    by = condition if callable(condition) else lambda value: Q(**{condition: value})
    return single(name, label, _read_number, by, input_type="number", **options)


def day(name: str, label: str, lookup: str, **options: Any) -> Filter:
    """Define a filter by a date, a time, or an age such as `7d` (7 days ago)."""
    options.setdefault("help_text", "Days begin at midnight UTC.")
    return single(
        name,
        label,
        lambda text: read_moment(text, end_of_day=lookup.endswith("__lte")),
        lambda moment: Q(**{lookup: moment}),
        placeholder="2026-01-31 or 7d",
        lasting=lambda text: read_moment(text).isoformat() if _LAST.fullmatch(text) else text,
        **options,
    )


def read_moment(text: str, *, end_of_day: bool = False) -> datetime:
    """Return the aware moment of a date, an ISO 8601 time or an age (h, d, w, m, y)."""
    try:
        if age := _LAST.fullmatch(text):
            return timezone.now() - timedelta(hours=int(age[1]) * _UNITS[age[2].lower()])
        if date := parse_date(text):
            start = datetime(date.year, date.month, date.day, tzinfo=UTC)
            return start + timedelta(days=1, microseconds=-1) if end_of_day else start
        moment = parse_datetime(text)
        if moment and moment.tzinfo:
            moment = moment.astimezone(UTC)  # raises OverflowError at either end of time
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise BadValue(f"“{text}” is neither a date such as 2026-01-31 nor an age such as 7d.")
    return moment.replace(tzinfo=UTC)


def _read_flag(text: str) -> bool:
    if text.lower() in ("yes", "true", "1", "on"):
        return True
    if text.lower() in ("no", "false", "0", "off"):
        return False
    raise BadValue(f"“{text}” is neither yes nor no.")


def _read_number(text: str) -> int:
    digits = text.replace(",", "").replace(" ", "")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 9:
        raise BadValue(f"“{text}” is not a whole number from 0 to 999,999,999.")
    return int(digits)


def _in_field(field: str, common: str | None) -> Callable[[list[str]], Q]:
    def condition(values: list[str]) -> Q:
        among = Q(**{field: values[0]}) if len(values) == 1 else Q(**{f"{field}__in": values})
        return among if common is None or common in values else among & Q(Not.of(field, common))

    return condition
