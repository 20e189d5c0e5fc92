"""Settings of a fast broad crawl (docs.scrapy.org/en/latest/topics/broad-crawls.html)."""

from typing import Any

from scrapy.resolver import CachingThreadedResolver
from twisted.internet import defer

SETTINGS: dict[str, Any] = {
    "USER_AGENT": "ScraperSky/1.0 (benchmark)",
    "LOG_LEVEL": "ERROR",
    "SCHEDULER_PRIORITY_QUEUE": "scrapy.pqueues.DownloaderAwarePriorityQueue",
    "CONCURRENT_REQUESTS": 100,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,  # like the engine: one request per site at a time
    "DOWNLOAD_DELAY": 0,
    "ROBOTSTXT_OBEY": True,
    "COOKIES_ENABLED": False,
    "RETRY_ENABLED": False,
    "REDIRECT_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "DOWNLOAD_TIMEOUT": 15,
    "DNS_RESOLVER": "benchmarks.scrapy_crawl.settings.LoopbackResolver",
}


class LoopbackResolver(CachingThreadedResolver):
    """Resolve every host to loopback, like the engine's host map."""

    def getHostByName(self, name: str, timeout: Any = None) -> defer.Deferred:  # noqa: N802
        return defer.succeed("127.0.0.1")
