"""Recipes: the columns that another program imports, filled from the columns of a list.

A recipe is a TOML file, one for each program. Under the name of a list it has `columns`, which map
the program's own header to columns of the list: the first of them that has a value, and of a list
of values the first. `name.key` is one entry of a mapping, and `{ text = "Work" }` a constant.
`where` names the rows that the program can use, as a query string of the list.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scrapersky.web.lists.columns import Column


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one program imports of one list; `source` is where the program documents it."""

    name: str
    label: str
    source: str
    columns: tuple[Column, ...]
    where: str = ""
    help_text: str = ""


@dataclass(frozen=True, slots=True)
class _Cell:
    """The value of a recipe's column: the first value of some columns of the list."""

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
    """Return the recipes of a folder that have columns for a list, by their label.

    Raises KeyError for a recipe that names a column which the list does not have.
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
