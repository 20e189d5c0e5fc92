"""The outputs of an export: a format with the list's columns, or a recipe, which is a CSV."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import QueryDict

from scrapersky.web.lists.columns import Column
from scrapersky.web.lists.definition import ListDefinition
from scrapersky.web.lists.formats import Format
from scrapersky.web.lists.recipes import Recipe


class UnknownOutput(ValueError):  # noqa: N818 (a name that reads as what it says)
    """A name that is neither a format nor a recipe; the message lists the valid ones."""


@dataclass(frozen=True, slots=True)
class Output:
    """A format, optionally with a recipe."""

    kind: Format
    recipe: Recipe | None = None

    @property
    def name(self) -> str:
        return self.recipe.name if self.recipe else self.kind.value

    @property
    def label(self) -> str:
        return self.recipe.label if self.recipe else self.kind.label

    @property
    def title(self) -> str:
        """What a menu of outputs calls it."""
        return f"For {self.label}" if self.recipe else self.label

    @property
    def help_text(self) -> str:
        return self.recipe.help_text if self.recipe else ""

    def columns(self, selected: Sequence[Column]) -> Sequence[Column]:
        """Return the columns to write, given the user's selection."""
        return self.recipe.columns if self.recipe else selected

    def rows(self, definition: ListDefinition, base: QuerySet | None = None) -> QuerySet:
        """Return the rows of a list, or of `base`, that the output can contain."""
        rows = definition.rows() if base is None else base
        params = QueryDict(self.recipe.where if self.recipe else "")
        for name in params:
            item = definition.filter_by_name[name]
            rows = item.apply(rows, item.values(params.getlist(name)))
        return rows


def outputs_of(definition: ListDefinition) -> list[Output]:
    """Return all outputs of a list, formats first."""
    formats = [Output(kind) for kind in Format]
    return [*formats, *(Output(Format.CSV, recipe) for recipe in definition.recipes)]


def find_output(definition: ListDefinition, name: str) -> Output:
    """Return an output by name; raises UnknownOutput."""
    known = {output.name: output for output in outputs_of(definition)}
    if name not in known:
        raise UnknownOutput(f"There is no format “{name[:50]}”. Use one of {', '.join(known)}.")
    return known[name]
