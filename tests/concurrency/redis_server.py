"""An available Redis server, of which these tests use only an empty database."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import redis

DATABASES = range(15, 0, -1)


@contextmanager
def empty_database(url: str) -> Iterator[str]:
    """Yield the URL of an empty Redis database and empty it afterwards; "" if there is none.

    The server may hold other data: only this database is emptied.
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
