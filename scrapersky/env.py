"""Read environment variables; only `settings.py` calls these readers.

Each raises `ImproperlyConfigured` with one sentence that names the variable, its value and what was
expected.

Not pydantic-settings: Django needs every setting as a module variable, so each would be declared
twice; networks, database URLs and the secret key would need the same code as validators; and its
errors span several lines and print passwords unless they are rewritten as `refuse` does.
"""

import contextlib
import ipaddress
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from scans.engine.dns.servers import parse_server
from scrapersky.private_files import make_database_private, make_private

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
DATABASE_SCHEMES = {"postgres": "postgres", "postgresql": "postgres", "sqlite": "sqlite"}


def load_env_file(default: Path) -> Path | None:
    """Load unset variables from the env file; return its path.

    `ENV_FILE` names a different file; empty means none, as in the demo and the tests.
    """
    name = os.environ.get("ENV_FILE", str(default))
    if not name:
        return None
    path = Path(name)
    if path.is_file():
        # The group keeps access: root may own the file and the console's group may read it.
        make_private(path, keep=0o770)
        environ.Env.read_env(path, overwrite=False)
    return path


def refuse(name: str, expected: str) -> NoReturn:
    """Raise the error for a variable, hiding the password in a URL because it may be logged."""
    value = re.sub(r"://.*@", "://***@", os.environ.get(name, ""))
    raise ImproperlyConfigured(f"{name}={value!r} cannot be used: {expected}.")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def boolean(name: str, *, default: bool) -> bool:
    value = text(name).lower()
    if value in TRUE | FALSE | {""}:
        return value in TRUE if value else default
    refuse(name, "expected true or false")


def level(name: str, default: str) -> str:
    """Return the name of a logging level."""
    value = text(name, default).upper()
    if value not in LEVELS:
        refuse(name, f"expected one of {', '.join(LEVELS)}")
    return value


def number(name: str, default: float, *, low: float, high: float) -> float:
    """Return a number from `low` to `high`."""
    raw = text(name)
    try:
        value = float(raw) if raw else default
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        refuse(name, f"expected a number from {low:g} to {high:g}")
    return value


def integer(name: str, default: int, *, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`."""
    value = number(name, default, low=low, high=high)
    if value != int(value):
        refuse(name, f"expected a whole number from {low} to {high}")
    return int(value)


def optional_integer(name: str, *, low: int, high: int) -> int | None:
    """Return a whole number from `low` to `high`, or None if the variable is not set."""
    return integer(name, low, low=low, high=high) if text(name) else None


def items(name: str, default: str = "") -> list[str]:
    """Return the comma-separated items of a variable."""
    return [item for part in text(name, default).split(",") if (item := part.strip())]


def networks(name: str) -> tuple[str, ...]:
    """Return networks in CIDR notation."""
    try:
        return tuple(str(ipaddress.ip_network(item, strict=False)) for item in items(name))
    except ValueError as error:
        refuse(name, f"expected networks such as 10.0.0.0/8, separated by commas ({error})")


def dns_servers(name: str) -> tuple[str, ...]:
    """Return name servers as addresses, with a port unless it is 53."""
    try:
        servers = [parse_server(item) for item in items(name)]
    except ValueError as error:
        refuse(name, f"expected name servers such as 9.9.9.9 or 127.0.0.1:5353 ({error})")
    return tuple(map(str, servers))


def host_map(name: str) -> tuple[tuple[str, str], ...]:
    """Return the host map as (host or *.suffix, address) pairs."""
    pairs = tuple(tuple(item.partition("=")[::2]) for item in items(name))
    shape = re.compile(r"nxdomain|[\d.]+:\d+(:\d+)?")
    if any(not host or not shape.fullmatch(address) for host, address in pairs):
        refuse(name, "expected pairs such as *.demo.test=127.0.0.1:8081, separated by commas")
    return tuple((host, address) for host, address in pairs)


def database(name: str, default: str = "") -> dict[str, Any]:
    """Return Django's database settings for a URL.

    SQLite gets WAL and IMMEDIATE transactions: without them, concurrent writers fail with
    "database is locked".
    """
    url = text(name, default)
    parts = urlsplit(url)
    backend = DATABASE_SCHEMES.get(parts.scheme)
    if backend is None:
        refuse(name, "expected postgres://user:password@host:5432/name or sqlite:///file.sqlite3")
    config: dict[str, Any] = dict(_parsed(name, url))
    if not config.get("NAME"):
        refuse(name, "the database has no name")
    if backend == "sqlite":
        Path(config["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        make_database_private(Path(config["NAME"]))
        return config | {
            "CONN_MAX_AGE": 600,
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    return config | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}


def _parsed(name: str, url: str) -> dict[str, Any]:
    parse: Callable[[str], dict[str, Any]] = environ.Env.db_url_config
    try:
        return parse(url)
    except (ValueError, KeyError) as error:
        refuse(name, f"expected a database URL ({error})")


def redis_url(name: str) -> str:
    """Return a Redis URL, or an empty string if Redis is not used."""
    url = text(name)
    if url and urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
        refuse(name, "expected redis://host:6379/0, or nothing for the database as queue")
    return url


def secret_key(name: str, path: Path) -> str:
    """Return the secret key; if none is set, create one for this checkout and store it.

    It signs sessions and queue messages, so all processes must share it.
    """
    configured = text(name)
    if configured:
        return configured
    path.parent.mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text()


def forget(example: Path) -> None:
    """Unset every variable listed in `.env.example`, and disable the env file.

    The demo and the tests use it to avoid touching the user's data.
    """
    lines = example.read_text().splitlines()
    for name in {line.lstrip("# ").partition("=")[0] for line in lines if "=" in line}:
        os.environ.pop(name, None)
    os.environ["ENV_FILE"] = ""
