"""Where sitemaps are looked for when neither robots.txt nor the homepage names one."""

from scans.engine.extractors.facts import PageFacts

# Tried on every site.
USUAL = ("/sitemap.xml", "/sitemap_index.xml")
# Where generators put them that use neither of these, the commonest first.
OTHERS = (
    "/sitemap-index.xml",
    "/wp-sitemap.xml",
    "/sitemap.xml.gz",
    "/sitemap/sitemap.xml",
    "/sitemaps.xml",
    "/sitemap1.xml",
    "/sitemap.txt",
)
# Requests for these.
MAX_OTHERS = 3
# What writes them, where a page shows that, and the file that nothing else writes.
_WRITTEN_BY = {"/wp-sitemap.xml": "WordPress", "/sitemap-index.xml": "Astro"}
_OF_ONE_GENERATOR = frozenset({"/wp-sitemap.xml"})


def well_known_paths(homepage: PageFacts | None) -> tuple[str, ...]:
    """Return the paths at which a sitemap may be, in the order in which to try them.

    The file of what the homepage is made with comes first; one that only another generator writes
    is not tried.
    """
    names = _generators(homepage) if homepage is not None else frozenset()
    others = [path for path in OTHERS if not (names and _is_of_another(path, names))]
    others.sort(key=lambda path: _WRITTEN_BY.get(path) not in names)
    return (*USUAL, *others[:MAX_OTHERS])


def _is_of_another(path: str, names: frozenset[str]) -> bool:
    return path in _OF_ONE_GENERATOR and _WRITTEN_BY[path] not in names


def _generators(homepage: PageFacts) -> frozenset[str]:
    """Return what the page says it was made with, and which of the writers it shows."""
    shown = {technology.name for technology in homepage.technologies}
    names = shown.intersection(_WRITTEN_BY.values())
    return frozenset(names | set(homepage.generator.split()[:1]))
