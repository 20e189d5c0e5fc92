"""A Redis that is at hand, of which these tests use an empty database only."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import redis

DATABASES = range(15, 0, -1)


@contextmanager
def empty_database(url: str) -> Iterator[str]:
    """Yield the URL of an empty database of a server, and empty it again; "" where there is none.

    Somebody's data may be on the server: only what was put here is removed.
    """
    for number in DATABASES:
        chosen = urlunsplit(urlsplit(url)._replace(query=f"db={number}"))
        client = redis.Redis.from_url(chosen, socket_connect_timeout=1)
        try:
            if client.dbsize():
                continue
        except redis.RedisError:
            break
        try:
            yield chosen
        finally:
            client.flushdb()
        return
    yield ""
