"""Filters by rows that belong to a domain: technologies, contacts, pages, tags, saved lists.

Usually each domain of the list is looked up among these rows until a page is full, which reads too
much if few domains have one. The ids of these are read first then. PostgreSQL gets them as one
array: it knows how many there are, and either starts from them or tests the domains of the list in
a hash table. With thousands of ids and no other filter it must do the latter: it takes looking them
up one by one to be cheaper than it is. SQLite takes all values of an index for equally frequent,
and gets a subquery that it starts from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import (
    Aggregate,
    BooleanField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
)

from scrapersky.web.lists.filters import Condition

# As many rows are read first faster than the domains of the list are looked up one by one.
MOST = {"postgresql": 12_000, "sqlite": 1_500}
# So many ids fill a page sooner as a hash table, if no other filter leaves domains out.
MANY = 4_000


class ArrayText(Aggregate):
    """Return values as the text of an array; `ArrayAgg` would load psycopg on SQLite, too."""

    output_field = TextField()
    template = "array_agg(%(expressions)s)::text"


class Among(Func):
    """Match ids in an array, which is one constant for the planner."""

    output_field = BooleanField()
    conditional = True
    template = "%(expressions)s::uuid[])"
    arg_joiner = " = ANY("


class AmongMany(Among):
    """Match ids in an array by a test that no index serves."""

    template = f"({Among.template}) IS TRUE"


@dataclass(frozen=True)
class RelatedRows:
    """The rows that match the values of a filter.

    `by_index` selects rows by fields of an index, where they are quickly counted; `exactly` is the
    condition for those among them that match. `key` leads from a row of the list to its domain.
    """

    by_index: Callable[[Sequence[Any]], QuerySet]
    exactly: Callable[[Sequence[Any]], Q] = lambda values: Q()
    key: str = "pk"

    def any(self, values: Sequence[Any]) -> Exists:
        """Return the condition that a domain has one of the rows."""
        rows = self.by_index(values).filter(self.exactly(values), domain=OuterRef(self.key))
        return Exists(rows.filter(**{_tenant_path(rows): OuterRef("tenant_id")}))

    def one(self, value: Any) -> Exists:
        return self.any([value])

    def rare(
        self, values: Sequence[Any], tenants: Sequence[Any], is_only: bool
    ) -> Condition | None:
        """Return an equivalent condition to start from; None if there are many rows."""
        rows = self.by_index(values).order_by()
        rows = rows.filter(**{f"{_tenant_path(rows)}__in": tenants})
        most = MOST[connection.vendor]
        if rows[: most + 1].count() > most:
            return None
        matching = rows.filter(self.exactly(values))
        if connection.vendor == "sqlite":
            return Q(**{f"{self.key}__in": matching.values("domain_id")})
        ids = matching.aggregate(ids=ArrayText("domain_id"))["ids"]
        if not ids:
            return Q(pk__in=[])
        tested = AmongMany if is_only and self.key == "pk" and ids.count(",") >= MANY else Among
        return tested(F(self.key), Value(ids))


def _tenant_path(rows: QuerySet) -> str:
    return getattr(rows.model, "TENANT_PATH", "tenant")
