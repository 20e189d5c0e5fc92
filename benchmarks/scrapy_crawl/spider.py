"""A broad crawl: robots.txt, homepage, contact page and sitemap of each site."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import scrapy
from scrapy.http import Response, TextResponse
from scrapy.utils.sitemap import Sitemap

from benchmarks.scrapy_crawl.extraction import WAYS
from benchmarks.sites import host

Item = dict[str, Any]


class SitesSpider(scrapy.Spider):
    """Read a range of sites; one item per site."""

    name = "sites"

    def __init__(self, first: int, last: int, port: int, extraction: str) -> None:
        super().__init__()
        self.numbers = range(first, last)
        self.port = port
        self.read = WAYS[extraction]
        self.counts: Counter[str] = Counter(reports=0, pages=0, contacts=0, technologies=0)

    async def start(self) -> AsyncIterator[scrapy.Request]:
        for number in self.numbers:
            yield scrapy.Request(f"http://{host(number)}:{self.port}/", self.parse_home)

    def parse_home(self, response: Response) -> Iterator[scrapy.Request]:
        assert isinstance(response, TextResponse)
        home = self.read(response)
        item = {"host": response.url.split("/")[2].partition(":")[0], "final_url": response.url}
        item |= home.facts | {"contacts": home.contacts, "technologies": home.technologies}
        yield scrapy.Request(home.contact_url, self.parse_contact, cb_kwargs={"item": item})

    def parse_contact(self, response: Response, item: Item) -> Iterator[scrapy.Request]:
        assert isinstance(response, TextResponse)
        page = self.read(response)
        known = {(kind, value) for kind, value, _ in item["contacts"]}
        item["contacts"] += [row for row in page.contacts if row[:2] not in known]
        names = {name for name, *_ in item["technologies"]}
        item["technologies"] += [row for row in page.technologies if row[0] not in names]
        url = response.urljoin("/sitemap.xml")
        yield scrapy.Request(url, self.parse_sitemap, cb_kwargs={"item": item})

    def parse_sitemap(self, response: Response, item: Item) -> Iterator[Item]:
        item["pages"] = [
            (entry["loc"], entry.get("lastmod"), entry.get("priority"))
            for entry in Sitemap(response.body)
        ]
        self.counts["reports"] += 1
        for name in ("pages", "contacts", "technologies"):
            self.counts[name] += len(item[name])
        yield item
