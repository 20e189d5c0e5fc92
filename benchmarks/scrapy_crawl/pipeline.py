"""Store items like ScraperSky stores scans: many per transaction, concurrently with the crawl."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
from scrapy.crawler import Crawler
from twisted.internet import defer
from twisted.internet.threads import deferToThread

Item = dict[str, Any]
# Items per transaction.
TOGETHER = 50
DOMAIN = """INSERT INTO crawl_domain (host, title, description, language, final_url, page_count)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (host) DO UPDATE SET title = excluded.title"""
SCAN = "INSERT INTO crawl_scan (id, host, report, finished_at) VALUES (%s, %s, %s, %s)"
CONTACT = """INSERT INTO crawl_contact (host, kind, value, page_url, last_seen)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (host, kind, value) DO UPDATE SET last_seen = excluded.last_seen"""
TECHNOLOGY = """INSERT INTO crawl_technology (host, name, category, version, last_seen)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (host, name) DO UPDATE SET last_seen = excluded.last_seen"""
PAGE = """INSERT INTO crawl_page (host, url, lastmod, priority, last_seen) SELECT * FROM crawl_stage
ON CONFLICT (host, url) DO UPDATE SET last_seen = excluded.last_seen"""
CREATE = """
DROP TABLE IF EXISTS crawl_domain, crawl_scan, crawl_contact, crawl_technology, crawl_page;
CREATE TABLE crawl_domain (host text PRIMARY KEY, title text, description text,
    language text, final_url text, page_count int);
CREATE TABLE crawl_scan (id uuid PRIMARY KEY, host text, report jsonb,
    finished_at timestamptz);
CREATE TABLE crawl_contact (host text, kind text, value text, page_url text,
    last_seen timestamptz, PRIMARY KEY (host, kind, value));
CREATE TABLE crawl_technology (host text, name text, category text, version text,
    last_seen timestamptz, PRIMARY KEY (host, name));
CREATE TABLE crawl_page (host text, url text, lastmod timestamptz, priority float8,
    last_seen timestamptz, PRIMARY KEY (host, url));"""
STAGE = "CREATE TEMP TABLE crawl_stage (LIKE crawl_page) ON COMMIT DELETE ROWS"


def create_tables(url: str) -> None:
    """Recreate the crawl's tables, once, before the processes that share them start."""
    with psycopg.connect(url) as connection:
        connection.execute(CREATE)


class StorePipeline:
    """Collect items and write them in a thread, so that the crawl continues."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url)
        self._connection.execute(STAGE)
        self._connection.commit()
        self._items: list[Item] = []
        self._one_writer = defer.DeferredLock()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "StorePipeline":
        return cls(crawler.settings["DATABASE"])

    def process_item(self, item: Item) -> Item | defer.Deferred:
        self._items.append(item)
        if len(self._items) < TOGETHER:
            return item
        written = self._flush()
        return written.addCallback(lambda _: item)

    def close_spider(self) -> defer.Deferred:
        return self._flush().addCallback(lambda _: self._connection.close())

    def _flush(self) -> defer.Deferred:
        items, self._items = self._items, []
        return self._one_writer.run(deferToThread, self._write, items)

    def _write(self, items: list[Item]) -> None:
        now = datetime.now(UTC)
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(DOMAIN, [_domain(item) for item in items])
            reports = [(uuid4(), item["host"], _report(item), now) for item in items]
            cursor.executemany(SCAN, reports)
            cursor.executemany(CONTACT, list(_rows(items, "contacts", now)))
            cursor.executemany(TECHNOLOGY, list(_rows(items, "technologies", now)))
            with cursor.copy("COPY crawl_stage FROM STDIN") as copy:
                for page in _pages(items, now):
                    copy.write_row(page)
            cursor.execute(PAGE)


def _domain(item: Item) -> tuple:
    facts = ("host", "title", "description", "language", "final_url")
    return (*(item[name] for name in facts), len(item["pages"]))


def _report(item: Item) -> str:
    return json.dumps({name: value for name, value in item.items() if name != "pages"})


def _rows(items: list[Item], name: str, now: datetime) -> Iterator[tuple]:
    return ((item["host"], *row, now) for item in items for row in item[name])


def _pages(items: list[Item], now: datetime) -> Iterator[tuple]:
    return ((item["host"], *page, now) for item in items for page in item["pages"])
