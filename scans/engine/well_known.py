"""Paths to try for sitemaps if neither robots.txt nor the homepage lists any."""

from scans.engine.extractors.facts import PageFacts

# Tried on every site
USUAL = ("/sitemap.xml", "/sitemap_index.xml")
# Paths used by generators that use neither of these, most common first.
OTHERS = (
    "/sitemap-index.xml",
    "/wp-sitemap.xml",
    "/sitemap.xml.gz",
    "/sitemap/sitemap.xml",
    "/sitemaps.xml",
    "/sitemap1.xml",
    "/sitemap.txt",
)
# Maximum number of these requested.
MAX_OTHERS = 3
# Generators that pages reveal, and the file that only they write.
_WRITTEN_BY = {"/wp-sitemap.xml": "WordPress", "/sitemap-index.xml": "Astro"}
_OF_ONE_GENERATOR = frozenset({"/wp-sitemap.xml"})


def well_known_paths(homepage: PageFacts | None) -> tuple[str, ...]:
    """Return the paths to try for a sitemap, in order.

    The file of the homepage's generator comes first; files of other generators are not tried.
    """
    names = _generators(homepage) if homepage is not None else frozenset()
    others = [path for path in OTHERS if not (names and _is_of_another(path, names))]
    others.sort(key=lambda path: _WRITTEN_BY.get(path) not in names)
    return (*USUAL, *others[:MAX_OTHERS])


def _is_of_another(path: str, names: frozenset[str]) -> bool:
    return path in _OF_ONE_GENERATOR and _WRITTEN_BY[path] not in names


def _generators(homepage: PageFacts) -> frozenset[str]:
    """Return the page's stated generator, and the known generators that it reveals."""
    shown = {technology.name for technology in homepage.technologies}
    names = shown.intersection(_WRITTEN_BY.values())
    return frozenset(names | set(homepage.generator.split()[:1]))
