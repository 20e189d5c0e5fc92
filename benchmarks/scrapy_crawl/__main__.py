"""Run one Scrapy process: `python -m benchmarks.scrapy_crawl SPEC`."""

from scrapy.crawler import CrawlerProcess

from benchmarks import workloads
from benchmarks.scrapy_crawl.settings import SETTINGS
from benchmarks.scrapy_crawl.spider import SitesSpider


def main() -> None:
    options = workloads.spec()
    settings = dict(SETTINGS)
    if options.get("database"):
        settings["ITEM_PIPELINES"] = {"benchmarks.scrapy_crawl.pipeline.StorePipeline": 100}
        settings["DATABASE"] = options["database"]
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(SitesSpider)
    started = workloads.now()
    arguments = {name: options[name] for name in ("first", "last", "port", "extraction")}
    process.crawl(crawler, **arguments)
    process.start()
    assert isinstance(crawler.spider, SitesSpider)
    workloads.print_figures(started, workloads.now(), **crawler.spider.counts)


if __name__ == "__main__":
    main()
