"""Convert options of older batches that mean the same here and are within bounds."""

from batches.legacy.json_sql import EMPTY
from batches.options import Option, option

CARRIED = ("max_concurrent", "max_pages")


def sql_options(options: str) -> str:
    """Return the SQL of a batch's options; `options` is an expression."""
    parts = " || ".join(_integer(options, option(name)) for name in CARRIED)
    return f"CASE WHEN jsonb_typeof({options}) = 'object' THEN {parts} ELSE {EMPTY} END"


def _integer(options: str, option: Option) -> str:
    name, low, high = option.name, option.low, option.high
    value = f"{options} -> '{name}'"
    fits = f"({options} ->> '{name}') ~ '^[0-9]{{1,6}}$' AND ({options} ->> '{name}')::int"
    return (
        f"CASE WHEN jsonb_typeof({value}) = 'number' "
        f"AND CASE WHEN {fits} BETWEEN {low:g} AND {high:g} THEN true ELSE false END "
        f"THEN jsonb_build_object('{name}', {value}) ELSE {EMPTY} END"
    )
