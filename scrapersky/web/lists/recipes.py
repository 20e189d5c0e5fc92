"""Recipes: the columns that another program imports, filled from the columns of a list.

There is a TOML file per program. Under the name of a list it has `columns`, which map the program's
headers to columns of the list: the first one with a value is used, and of several values the first.
`name.key` is an entry of a mapping, and `{ text = "Work" }` a constant. `where` selects the rows
that the program can use, as a query string of the list.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scrapersky.web.lists.columns import Column


@dataclass(frozen=True, slots=True)
class Recipe:
    """A program's import format for a list; `source` is its documentation."""

    name: str
    label: str
    source: str
    columns: tuple[Column, ...]
    where: str = ""
    help_text: str = ""


@dataclass(frozen=True, slots=True)
class _Cell:
    """The value of a recipe column: the first value of the given list columns."""

    columns: Sequence[tuple[Column, str]] = field(default=())
    text: str = ""

    def __call__(self, row: Any) -> Any:
        values = (_single(column.value_of(row), key) for column, key in self.columns)
        return next((value for value in values if value), self.text)


def _single(value: Any, key: str) -> Any:
    if key:
        return value.get(key, "") if isinstance(value, dict) else ""
    if isinstance(value, list | tuple):
        return value[0] if value else ""
    return value


def load_recipes(folder: Path, list_name: str, columns: Iterable[Column]) -> tuple[Recipe, ...]:
    """Return the recipes in a folder that have columns for a list, by label.

    Raises KeyError if a recipe names an unknown column.
    """
    by_name = {column.name: column for column in columns}
    texts = {path.stem: path.read_text("utf-8") for path in folder.glob("*.toml")}
    tables = {name: tomllib.loads(text) for name, text in texts.items()}
    recipes = [
        _recipe(name, table, table[list_name], by_name)
        for name, table in tables.items()
        if list_name in table
    ]
    return tuple(sorted(recipes, key=lambda recipe: recipe.label))


def _recipe(name: str, table: dict, part: dict, known: dict[str, Column]) -> Recipe:
    return Recipe(
        name=name,
        label=table["label"],
        source=table["source"],
        columns=tuple(_column(head, wanted, known) for head, wanted in part["columns"].items()),
        where=part.get("where", ""),
        help_text=part.get("help_text", ""),
    )


def _column(header: str, wanted: Any, known: dict[str, Column]) -> Column:
    if isinstance(wanted, dict):
        return Column(header, header, value=_Cell(text=wanted["text"]), fields=())
    names = [wanted] if isinstance(wanted, str) else wanted
    pairs = [(known[name.partition(".")[0]], name.partition(".")[2]) for name in names]
    return Column(
        header,
        header,
        value=_Cell(pairs),
        fields=tuple({need: None for column, _ in pairs for need in column.needs}),
        prefetch=tuple({name: None for column, _ in pairs for name in column.prefetch}),
    )
