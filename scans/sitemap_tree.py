"""The sitemaps of a domain as a tree of indexes and the sitemaps they list."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from scans.models import Sitemap


@dataclass(slots=True)
class Branch:
    """A sitemap and its children."""

    row: Sitemap
    branches: list["Branch"] = field(default_factory=list)


def sitemap_tree(rows: Iterable[Sitemap]) -> list[Branch]:
    """Return the sitemaps that no other one lists, in order, with their descendants.

    If sitemaps list each other in a cycle, the first of them becomes a root.
    """
    branches = {row.url: Branch(row) for row in rows}
    parents: dict[str, str] = {}
    tops = []
    for url, branch in branches.items():
        parent = branch.row.parent_url
        if parent in branches and not _is_above(parents, parent, url):
            parents[url] = parent
            branches[parent].branches.append(branch)
        else:
            tops.append(branch)
    return tops


def _is_above(parents: dict[str, str], current: str, url: str) -> bool:
    """Return whether a sitemap is this node or one of its ancestors."""
    while current != url and current in parents:
        current = parents[current]
    return current == url
