"""Names of reasons, verdicts, methods and sources, as every screen writes them."""

from collections.abc import Iterable

ACRONYMS = {
    "dns": "DNS",
    "tls": "TLS",
    "http": "HTTP",
    "robots": "robots.txt",
    "json": "JSON",
    "ld": "LD",
    "ok": "OK",
}


def readable(value: str) -> str:
    """Return the name of a reason, a verdict, a method or a source as words."""
    parts = value.replace("_", " ").capitalize().split(" ")
    return " ".join(ACRONYMS.get(word.lower(), word) for word in parts)


def with_names(choices: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the values of choices with their names."""
    return [(value, readable(value)) for value, _ in choices]
