"""Carry the options of older batches that mean the same here and are within bounds."""

from batches.legacy.json_sql import EMPTY

BOUNDS = {"max_concurrent": (1, 500), "max_pages": (1, 50_000)}


def sql_options(options: str) -> str:
    """Return the SQL of a batch's options; `options` is an expression."""
    parts = " || ".join(_whole_number(options, *item) for item in BOUNDS.items())
    return f"CASE WHEN jsonb_typeof({options}) = 'object' THEN {parts} ELSE {EMPTY} END"


def _whole_number(options: str, name: str, bounds: tuple[int, int]) -> str:
    low, high = bounds
    value = f"{options} -> '{name}'"
    fits = f"({options} ->> '{name}') ~ '^[0-9]{{1,6}}$' AND ({options} ->> '{name}')::int"
    return (
        f"CASE WHEN jsonb_typeof({value}) = 'number' AND CASE WHEN {fits} BETWEEN {low} AND {high} "
        f"THEN true ELSE false END THEN jsonb_build_object('{name}', {value}) ELSE {EMPTY} END"
    )
