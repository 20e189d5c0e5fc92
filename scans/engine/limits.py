"""The limits of one scan, and the settings that its fetches share."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one scan: durations in seconds, sizes in bytes after decompression."""

    connect_timeout: float = 8.0
    read_timeout: float = 15.0
    site_deadline: float = 60.0
    page_bytes: int = 2_000_000
    sitemap_bytes: int = 50_000_000
    robots_bytes: int = 512_000
    redirects: int = 8
    retries: int = 2
    # Pages opened for contacts, the homepage included.
    fetch_pages: int = 5
    # Pages kept in the inventory.
    max_pages: int = 1_000
    # Which of them are reported: `all`, `typed` (a type other than `other`) or `counts` (none).
    inventory: str = "all"
    max_sitemaps: int = 50
    sitemap_depth: int = 3
    obey_robots: bool = True
    request_delay: float = 0.0
    # The longest crawl delay in robots.txt that is honoured.
    max_crawl_delay: float = 10.0
    sitemaps: bool = True
    follow: bool = True
    # Whether contacts include the names of people next to them.
    person_names: bool = False
    # Read only robots.txt and sitemaps, no pages (a sitemap import).
    sitemaps_only: bool = False


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Settings shared by all fetches of a process: user agent and allowed addresses."""

    user_agent: str = "ScraperSky/1.0 (+https://example.com/bot)"
    # Private or reserved CIDR networks that may be scanned.
    allowed_networks: tuple[str, ...] = ()
    # Such networks for mapped hosts only, whose addresses users cannot choose.
    mapped_networks: tuple[str, ...] = ()
    # Injected resolver: (host or `*.suffix`, `ip:http_port` or `ip:http_port:https_port`).
    host_map: tuple[tuple[str, str], ...] = ()
    # Name servers to ask instead of the system's: `ip`, `ip:port` or `[v6]:port`.
    dns_servers: tuple[str, ...] = ()
    # Whether a domain may specify a port other than 80 and 443.
    allow_any_port: bool = False
    # A PEM bundle to trust instead of certifi's; empty for certifi's.
    ca_file: str = ""
