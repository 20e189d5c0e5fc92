"""Recipes: the columns that another program imports, filled from the columns of a list.

A recipe is a TOML file, one for each program. Under the name of a list it has `columns`, which map
the program's own header to columns of the list: the first of them that has a value, and of a list
of values the first. `name.key` is one entry of a mapping, `{ text = "Work" }` a constant, and
`{ phones = [...] }` the first number of some columns that has a country, in bare E.164. `where`
names the rows that the program can use, as a query string of the list.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scrapersky.web.lists.columns import Column

# https://www.itu.int/rec/T-REC-E.164: at most 15 digits, and no country code begins with 0
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_BETWEEN_DIGITS = re.compile(r"\(0\)|[\s()./-]")


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
    read: Callable[[Any], Any] = lambda value: value

    def __call__(self, row: Any) -> Any:
        values = (
            self.read(value)
            for column, key in self.columns
            for value in _values(column.value_of(row), key)
        )
        return next((value for value in values if value), self.text)


def _values(value: Any, key: str) -> Sequence[Any]:
    if key:
        return [value.get(key, "")] if isinstance(value, dict) else []
    return value if isinstance(value, list | tuple) else [value]


def e164(phone: Any) -> str:
    """Return a phone number in bare E.164; empty if it has no country or an extension."""
    digits = _BETWEEN_DIGITS.sub("", str(phone or ""))
    number = f"+{digits[2:]}" if digits.startswith("00") else digits
    return number if _E164.fullmatch(number) else ""


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
    if isinstance(wanted, dict) and "text" in wanted:
        return Column(header, header, value=_Cell(text=wanted["text"]), fields=())
    is_phone = isinstance(wanted, dict)
    names = [wanted] if isinstance(wanted, str) else wanted["phones"] if is_phone else wanted
    pairs = [(known[name.partition(".")[0]], name.partition(".")[2]) for name in names]
    cell = _Cell(pairs, read=e164) if is_phone else _Cell(pairs)
    return Column(
        header,
        header,
        value=cell,
        fields=tuple({need: None for column, _ in pairs for need in column.needs}),
        prefetch=tuple({name: None for column, _ in pairs for name in column.prefetch}),
    )
