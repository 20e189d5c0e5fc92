"""Run one Scrapy process: `python -m benchmarks.scrapy_crawl SPEC`."""

from scrapy.crawler import CrawlerProcess

from benchmarks import workloads
from benchmarks.scrapy_crawl.settings import SETTINGS
from benchmarks.scrapy_crawl.spider import SitesSpider


def main() -> None:
    given = workloads.spec()
    settings = dict(SETTINGS)
    if given.get("database"):
        settings["ITEM_PIPELINES"] = {"benchmarks.scrapy_crawl.pipeline.StorePipeline": 100}
        settings["DATABASE"] = given["database"]
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(SitesSpider)
    began = workloads.now()
    asked = {name: given[name] for name in ("first", "last", "port", "extraction")}
    process.crawl(crawler, **asked)
    process.start()
    assert isinstance(crawler.spider, SitesSpider)
    workloads.tell(began, workloads.now(), **crawler.spider.counts)


if __name__ == "__main__":
    main()
