"""The URLs of the project, from the URL resolver, with a sample for each parameter."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.access.world import World

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# Parameters that are not row ids, with an existing value.
VALUES = {"name": "domains", "rest": "anything", "group": "rejected"}
# Open to everybody, logged in or not. Do not add pages that should not be.
PUBLIC = {
    "login",
    "logout",
    "healthz",
    "api-root",
    "openapi-json",
    "openapi-view",
    "health",
    "unknown_address",
}
# The first part of a URL -> the row in `World.rows` whose id it takes, if they differ.
ROW_OF = {
    f"api/v3/{part}/{rest}": row
    for part in ("batch_page_scraper", "modernized_page_scraper", "sitemap")
    for rest, row in (("batch", "batches"), ("status", "jobs"))
}
API = "api/v3/"
ADMIN = "admin/"


@dataclass(frozen=True)
class Address:
    """A URL pattern: its route, its name, and its view's declarations."""

    route: str
    name: str
    is_public: bool
    is_own_account: bool
    is_open_to_viewers: bool

    @property
    def has_row(self) -> bool:
        """Whether it is the URL of a single row."""
        return any(name not in VALUES for name in PARAMETER.findall(self.route))

    def url(self, world: World, key: object = None) -> str:
        """Return the URL of the sample row, or for another key."""

        def value(match: re.Match[str]) -> str:
            return VALUES.get(match[1]) or str(key or self.row(world).pk)

        return "/" + PARAMETER.sub(value, self.route)

    def row(self, world: World) -> Any:
        """Return the sample row for the longest matching prefix of the route."""
        parts = self.route[: self.route.index("<")].strip("/").split("/")
        starts = ["/".join(parts[:size]) for size in range(len(parts), 0, -1)]
        names = [ROW_OF.get(start, start.removeprefix(API)) for start in starts]
        row = next((row for name in names if (row := world.row(name))), None)
        assert row, f"Name the row whose id /{self.route} takes, in ROW_OF or World.rows."
        return row

    def __str__(self) -> str:
        return self.route or "home"


def patterns(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Return the route and pattern of every URL, including the admin's."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        else:
            yield route, pattern


def addresses() -> list[Address]:
    """Return every URL outside the admin, without duplicates."""
    rest = {route: pattern for route, pattern in patterns() if not route.startswith(ADMIN)}
    return [_address(route, pattern) for route, pattern in rest.items()]


def _address(route: str, pattern: URLPattern) -> Address:
    view = pattern.callback
    return Address(
        route=route,
        name=pattern.name or "",
        is_public=pattern.name in PUBLIC,
        is_own_account=getattr(view, "is_own_account", False),
        is_open_to_viewers=getattr(view, "is_open_to_viewers", False),
    )


CONSOLE = [address for address in addresses() if not address.route.startswith(API)]
API_ADDRESSES = [address for address in addresses() if address.route.startswith(API)]
