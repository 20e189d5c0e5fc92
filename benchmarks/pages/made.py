"""Generated pages with the size and markup of real ones."""

from dataclasses import dataclass
from random import Random

from benchmarks.pages import body
from benchmarks.pages.business import Business, make_business
from benchmarks.pages.head import head
from benchmarks.pages.words import words

MEDIAN_BYTES = 63_000
# Standard deviation of the logarithm of a page's size: a tenth are at least twice the median.
SPREAD = 0.6
LARGEST = 500_000


@dataclass(frozen=True, slots=True)
class SitePages:
    """The two pages of a site that scans open."""

    home: bytes
    contact: bytes


def make_pages(count: int) -> list[SitePages]:
    """Return the pages of this many businesses, the same on every call."""
    return [_make(number) for number in range(count)]


def _make(number: int) -> SitePages:
    business, random = make_business(number), Random(number)
    size = min(LARGEST, random.lognormvariate(0, SPREAD) * MEDIAN_BYTES)
    frame = (body.menu(random), body.footer(random, business))
    home = _page(random, business, frame, words(random, 2, 5).title(), "", size)
    block = body.contact_block(business)
    return SitePages(home, _page(random, business, frame, "Contact", block, size * 0.9))


def _page(
    random: Random,
    business: Business,
    frame: tuple[str, str],
    title: str,
    block: str,
    size: float,
) -> bytes:
    """Return a page of roughly a given size; `frame` is the shared menu and footer."""
    top, below = head(random, business, title), body.scripts(random)
    left = size - len(top) - len(block) - len(below) - sum(map(len, frame))
    sections = []
    while left > 0:
        sections.append(body.section(random, business.images))
        left -= len(sections[-1])
    logo = f'<a href="/"><img class="custom-logo" src="/images/logo.svg" alt="{business.name}"></a>'
    main = f"<h1>{title}</h1>{block}{''.join(sections)}"
    return (
        f'<!DOCTYPE html>\n<html lang="{business.language}">\n{top}\n<body class="home page">\n'
        f"<header>{logo}{frame[0]}</header>\n<main>{main}</main>\n{frame[1]}\n{below}\n"
        "</body></html>\n"
    ).encode()
