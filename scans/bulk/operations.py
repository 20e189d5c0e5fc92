"""The register of bulk operations, each defined once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict

from scans.bulk.models import BulkAction, Progress, Result
from scrapersky.tenants.models import User
from scrapersky.web.regional import grouped

CHUNK = 1_000
Params = dict[str, Any]


@dataclass(frozen=True)
class Chunk:
    """A chunk of an action's rows, loaded with the columns of the sort order."""

    rows: list[Any]
    params: Params
    user: User

    @cached_property
    def query(self) -> QuerySet:
        """The rows as a query."""
        return type(self.rows[0])._default_manager.filter(pk__in=self.ids)

    @property
    def ids(self) -> list[UUID]:
        return [row.pk for row in self.rows]


def no_params(sent: QueryDict) -> Params:
    return {}


def no_result(chunk: Chunk) -> Result:
    return {}


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation on rows of a list, applied chunk by chunk.

    `apply` processes a chunk inside a transaction and returns counts, which are added up;
    `sentence` summarises them. `read` converts submitted data into `params`, or raises
    ValidationError. `advance` replaces the iteration over rows altogether. `landing` is the page
    shown afterwards, by default the list.
    """

    name: str
    list_name: str
    # The activity in progress, such as "Tagging domains".
    doing: str
    sentence: Callable[[Result, Params], str]
    apply: Callable[[Chunk], Result] = no_result
    read: Callable[[QueryDict], Params] = no_params
    chunk: Callable[[], int] = lambda: CHUNK
    advance: Callable[[BulkAction, User], Progress] | None = None
    landing: Callable[[Result], str] | None = None
    # The confirmation template of operations that delete rows; otherwise empty.
    confirm: str = ""
    # The field with the cost of a row, and the maximum cost of a chunk; a chunk has at least one
    # row.
    weight: str = ""
    most_weight: int = 0
    can_stop: bool = True


_OPERATIONS: dict[tuple[str, str], Operation] = {}


def register(operation: Operation) -> Operation:
    """Register an operation; its name must be unique in its list."""
    key = (operation.list_name, operation.name)
    if key in _OPERATIONS:
        raise ValueError(f"There are two operations {operation.name} of {operation.list_name}.")
    _OPERATIONS[key] = operation
    return operation


def get_operation(list_name: str, name: str) -> Operation:
    """Return an operation of a list; raises KeyError."""
    return _OPERATIONS[list_name, name]


def find_operation(list_name: str, name: str) -> Operation | None:
    """Return an operation of a list, or None."""
    return _OPERATIONS.get((list_name, name))


def count_of(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun: `1 domain`, `2,000 domains`."""
    return f"{grouped(number)} {singular if number == 1 else plural or singular + 's'}"


def sentence_of(action: BulkAction) -> str:
    """Return a summary of what an action has done so far; empty if unknown."""
    operation = find_operation(action.list_name, action.operation)
    if operation is None or not (action.result or action.status == action.Status.COMPLETE):
        return ""
    return operation.sentence(action.result, action.params)
