"""A broad crawl over sites: robots.txt, homepage, contact page and sitemap of each."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import scrapy
from scrapy.http import Response, TextResponse
from scrapy.utils.sitemap import Sitemap

from benchmarks.scrapy_crawl.extraction import contact_url, contacts, facts
from benchmarks.sites import host

Item = dict[str, Any]


class SitesSpider(scrapy.Spider):
    """Read the sites from one number up to another; one item a site."""

    name = "sites"

    def __init__(self, first: int, last: int, port: int) -> None:
        super().__init__()
        self.numbers = range(first, last)
        self.port = port
        self.counts: Counter[str] = Counter(reports=0, pages=0, contacts=0)

    async def start(self) -> AsyncIterator[scrapy.Request]:
        for number in self.numbers:
            yield scrapy.Request(f"http://{host(number)}:{self.port}/", self.parse_home)

    def parse_home(self, response: Response) -> Iterator[scrapy.Request]:
        assert isinstance(response, TextResponse)
        item = {"host": response.url.split("/")[2].partition(":")[0]} | facts(response)
        item["contacts"] = contacts(response)
        yield scrapy.Request(contact_url(response), self.parse_contact, cb_kwargs={"item": item})

    def parse_contact(self, response: Response, item: Item) -> Iterator[scrapy.Request]:
        assert isinstance(response, TextResponse)
        known = {(kind, value) for kind, value, _ in item["contacts"]}
        item["contacts"] += [row for row in contacts(response) if row[:2] not in known]
        url = response.urljoin("/sitemap.xml")
        yield scrapy.Request(url, self.parse_sitemap, cb_kwargs={"item": item})

    def parse_sitemap(self, response: Response, item: Item) -> Iterator[Item]:
        item["pages"] = [
            (entry["loc"], entry.get("lastmod"), entry.get("priority"))
            for entry in Sitemap(response.body)
        ]
        self.counts.update(reports=1, pages=len(item["pages"]), contacts=len(item["contacts"]))
        yield item
