"""Keyset pagination: the rows before or after a position, equally fast at any depth.

A position is the sort values of a row and its id. Rows are read in segments: by tenant, then those
that a filter prefers before the others, then those in the index of the order apart from those that
it leaves out, then rows with a value before those without, because an index can serve only one of
these at a time.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, Value

from scrapersky.web.lists.definition import Sort, value_or_none
from scrapersky.web.lists.filters import RowByRow


class BadCursor(ValueError):  # noqa: N818 (a name that reads as what it says)
    """A cursor that this list did not produce in this order."""

    def __str__(self) -> str:
        return "This cursor is not one of this list's in this order. Begin with the first page."


@dataclass(frozen=True, slots=True)
class Segment:
    """A contiguous part of a list; `key` identifies it in cursors."""

    key: str
    condition: Q
    fields: tuple[str, ...]

    @property
    def is_leading(self) -> bool:
        """Whether it contains the rows that a filter prefers."""
        return "!" in self.key


@dataclass(frozen=True, slots=True)
class Order:
    """A sort order in one direction over tenants; `tenants` is None for all.

    `name` identifies it in cursors, so that no other list or order reads them.
    """

    sort: Sort
    is_descending: bool
    tenants: Sequence[Any] | None
    tenant_path: str
    # The condition for rows that come first.
    leading: Any = None
    name: str = ""

    def segments(self) -> list[Segment]:
        if self.tenants is None:
            return self._by_lead("", Q(), (self.tenant_path,))
        return [
            segment
            for tenant in self.tenants
            for segment in self._by_lead(str(tenant), self._of_tenant(tenant), ())
        ]

    def _of_tenant(self, tenant: Any) -> Q:
        """Return the condition of a tenant's rows.

        In the order of a relation, it is stated on that as well, and no index of the rows serves
        it: SQLite would start from all of them if few belong to each related row, and sort them.
        """
        condition = Q(**{self.tenant_path: tenant})
        if not self.sort.relation:
            return condition
        related = Q(**{f"{self.sort.relation}__{self.tenant_path}": tenant})
        return Q(RowByRow.of(condition)) & related

    def head_of(self, segment: Segment) -> tuple[str, ...]:
        """Return the fields of a segment that have the direction of the order."""
        fields = segment.fields
        return fields[: fields.index(self.sort.fields[0]) + 1] if self.sort.relation else fields

    def tail_of(self, segment: Segment) -> tuple[str, ...]:
        """Return the fields that have the other direction: all after the field of a relation."""
        return segment.fields[len(self.head_of(segment)) :]

    def _by_lead(self, key: str, condition: Q, prefix: tuple[str, ...]) -> list[Segment]:
        if self.leading is None:
            return self._by_index(key, condition, prefix)
        first = Q(self.leading)
        return [
            *self._by_index(f"{key}!", condition & first, prefix),
            *self._by_index(key, condition & ~first, prefix),
        ]

    def _by_index(self, key: str, condition: Q, prefix: tuple[str, ...]) -> list[Segment]:
        rest = self.sort.rest
        if rest is None:
            return self._with_nulls(key, condition, prefix)
        indexed = self._with_nulls(key, condition & rest.indexed, prefix)
        others = Segment(f"{key}.", condition & rest.condition, (*prefix, *rest.fields))
        is_first = rest.is_lowest and not self.is_descending
        return [others, *indexed] if is_first else [*indexed, others]

    def _with_nulls(self, key: str, condition: Q, prefix: tuple[str, ...]) -> list[Segment]:
        is_enough = self.sort.is_unique or self.sort.fields[-1] == "id"
        fields = (*prefix, *self.sort.fields, *(() if is_enough else ("id",)))
        if not self.sort.is_nullable:
            return [Segment(key, condition, fields)]
        name = self.sort.fields[0]
        without = tuple(field for field in fields if field != name)
        return [
            Segment(key, condition & Q(**{f"{name}__isnull": False}), fields),
            Segment(f"{key}~", condition & Q(**{f"{name}__isnull": True}), without),
        ]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in a list: a segment and the key of a row in it; `is_before` reads backwards."""

    order: str
    segment: str
    values: tuple[Any, ...]
    is_before: bool = False

    def text(self) -> str:
        parts = [self.order, self.segment, self.values, self.is_before]
        body = json.dumps(parts, separators=(",", ":"))
        return urlsafe_b64encode(body.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Parse a cursor; raises BadCursor."""
        try:
            body = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            order, segment, values, is_before = body
            if not isinstance(segment, str) or not isinstance(values, list):
                raise TypeError
        except (ValueError, TypeError, RecursionError) as error:
            raise BadCursor from error
        return cls(order, segment, tuple(values), bool(is_before))


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of rows, and the cursors of its neighbours; empty if there are none."""

    rows: list[Any]
    next: str
    previous: str


def read_rows(
    rows: QuerySet,
    order: Order,
    size: int,
    cursor_text: str = "",
    leading_rows: QuerySet | None = None,
) -> Rows:
    """Return up to `size` rows at a cursor, by default the first ones.

    Raises BadCursor. `leading_rows` omit the filter that prefers some rows: these match it anyway,
    and a planner would multiply the selectivity of two equivalent conditions.
    """
    cursor = Cursor.read(cursor_text) if cursor_text else None
    segments = order.segments()
    is_before = bool(cursor and cursor.is_before)
    if is_before:
        segments.reverse()
    start = _start(order, segments, cursor)
    preferred = rows if leading_rows is None else leading_rows
    sources = [(preferred if part.is_leading else rows, part) for part in segments[start:]]
    collected = _collect(sources, order, size + 1, cursor)
    more = len(collected) > size
    collected = collected[:size]
    if is_before:
        collected.reverse()
    has_next, has_previous = (True, more) if is_before else (more, cursor is not None)
    return Rows(
        rows=[row for _, row in collected],
        next=_cursor_of(order, collected[-1], False) if collected and has_next else "",
        previous=_cursor_of(order, collected[0], True) if collected and has_previous else "",
    )


def cursors_of(rows: QuerySet, order: Order, row: Any) -> tuple[str, str] | None:
    """Return the cursors before and after a row.

    None for rows that are not in the list.
    """
    tenant = "" if order.tenants is None else str(value_or_none(row, order.tenant_path))
    for segment in order.segments():
        is_possible = segment.key.rstrip("!~.") == tenant
        if is_possible and rows.filter(segment.condition, pk=row.pk).exists():
            entry = (segment, row)
            return _cursor_of(order, entry, True), _cursor_of(order, entry, False)
    return None


def _start(order: Order, segments: list[Segment], cursor: Cursor | None) -> int:
    if cursor is None:
        return 0
    for index, segment in enumerate(segments):
        if (order.name, segment.key) == (cursor.order, cursor.segment):
            return index
    raise BadCursor


def _collect(
    sources: list[tuple[QuerySet, Segment]], order: Order, count: int, cursor: Cursor | None
) -> list[tuple[Segment, Any]]:
    collected: list[tuple[Segment, Any]] = []
    for rows, segment in sources:
        part = rows.filter(segment.condition)
        if cursor and cursor.segment == segment.key:
            part = part.filter(_beyond(rows.model, segment, order, cursor))
        is_before = bool(cursor and cursor.is_before)
        part = part.order_by(*_ordering(segment, order, is_before))
        collected += [(segment, row) for row in part[: count - len(collected)]]
        if len(collected) >= count:
            break
    return collected


def _ordering(segment: Segment, order: Order, is_before: bool) -> list[str]:
    # In a descending order, ids descend too, so that a single tuple comparison finds a position.
    is_descending = order.is_descending != is_before
    return [f"{'-' if is_descending else ''}{name}" for name in order.head_of(segment)] + [
        f"{'' if is_descending else '-'}{name}" for name in order.tail_of(segment)
    ]


def _beyond(model: type[Model], segment: Segment, order: Order, cursor: Cursor) -> Q:
    """Return the condition of the rows beyond a cursor."""
    values = _typed(model, segment.fields, cursor.values)
    operators = "<>" if order.is_descending != cursor.is_before else "><"
    head, tail = order.head_of(segment), order.tail_of(segment)
    beyond = Q(RowComparison.of(head, values, operators[0]))
    if not tail:
        return beyond
    same = Q(**dict(zip(head, values, strict=False)))
    beyond |= same & Q(RowComparison.of(tail, values[len(head) :], operators[1]))
    # No index serves either alternative; it serves both together.
    return Q(RowComparison.of(head, values, f"{operators[0]}=")) & beyond


class RowComparison(Func):
    """A row comparison of columns with values, `(a, b) > (1, 2)`, which can use an index."""

    output_field = BooleanField()
    conditional = True

    @classmethod
    def of(cls, names: Sequence[str], values: Sequence[Value], operator: str) -> "RowComparison":
        columns = [F(name) for name in names]
        return cls(*columns, *values[: len(columns)], operator=operator)

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:  # type: ignore[override]
        compiled = [compiler.compile(part) for part in self.source_expressions]
        half = len(compiled) // 2
        left, right = (
            ", ".join(sql for sql, _ in part) for part in (compiled[:half], compiled[half:])
        )
        params = [value for _, values in compiled for value in values]
        return f"({left}) {self.extra['operator']} ({right})", params


def _typed(model: type[Model], names: tuple[str, ...], values: tuple[Any, ...]) -> list[Value]:
    """Return a cursor's values converted to the fields' types; raises BadCursor."""
    if len(names) != len(values) or None in values:
        raise BadCursor
    try:
        fields = [_field(model, name) for name in names]
        pairs = zip(fields, values, strict=True)
        return [Value(_stored(field, value), output_field=field) for field, value in pairs]
    except (ValidationError, TypeError, ValueError, OverflowError) as error:
        raise BadCursor from error


def _stored(field: Any, value: Any) -> Any:
    """Return a value as a row of the field may have it, or raise an error."""
    typed = field.to_python(value)
    field.run_validators(typed)
    return typed.astimezone(UTC) if isinstance(typed, datetime) else typed


def _field(model: Any, name: str) -> Any:
    *relations, last = name.split("__")
    for relation in relations:
        model = model._meta.get_field(relation).related_model
    field = model._meta.get_field(last)
    return field.target_field if field.is_relation else field


def _cursor_of(order: Order, entry: tuple[Segment, Any], is_before: bool) -> str:
    segment, row = entry
    values = tuple(_exact(value_or_none(row, name)) for name in segment.fields)
    return Cursor(order.name, segment.key, values, is_before).text()


def _exact(value: Any) -> Any:
    """Return a sort value for JSON, with times to the microsecond."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
