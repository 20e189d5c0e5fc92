"""Build the SQL of JSON values; every argument is an expression."""

from collections.abc import Mapping

EMPTY = "'{}'::jsonb"


def named(values: Mapping[str, str]) -> str:
    """Return an object of scalars without NULLs."""
    pairs = ", ".join(f"'{name}', {value}" for name, value in values.items())
    return f"jsonb_strip_nulls(jsonb_build_object({pairs}))"


def nested(values: Mapping[str, str]) -> str:
    """Return an object of JSON values without NULLs; the values are unchanged."""
    return " || ".join(
        f"CASE WHEN {value} IS NULL THEN {EMPTY} ELSE jsonb_build_object('{name}', {value}) END"
        for name, value in values.items()
    )


def object_or_empty(value: str) -> str:
    return f"CASE WHEN jsonb_typeof({value}) = 'object' THEN {value} ELSE {EMPTY} END"


def no_object(value: str) -> str:
    """Return a value unless it is an object, else NULL."""
    return f"CASE WHEN jsonb_typeof({value}) NOT IN ('object', 'null') THEN {value} END"


def any_of(values: Mapping[str, str]) -> str:
    """Return the condition that at least one of the values is not NULL."""
    return f"num_nonnulls({', '.join(values.values())}) > 0"


def legacy_object(values: Mapping[str, str], json: Mapping[str, str], *objects: str) -> str:
    """Return the `legacy` object of a row: objects, scalars and JSON values without NULLs."""
    scalars = named(values)
    others = " || ".join(f"coalesce({each}, {EMPTY})" for each in objects)
    every = f"num_nonnulls({', '.join([*objects, *json.values()])})"
    return f"CASE WHEN {every} = 0 THEN {scalars} ELSE {others} || {scalars} || {nested(json)} END"


def strings(array: str, each: str = "btrim(e)") -> str:
    """Return the distinct, non-empty texts of an array as a JSON list."""
    elements = f"SELECT jsonb_agg(DISTINCT {each}) FROM unnest({array}) AS e WHERE btrim(e) <> ''"
    return f"CASE WHEN {array} IS NULL THEN '[]' ELSE coalesce(({elements}), '[]') END"
