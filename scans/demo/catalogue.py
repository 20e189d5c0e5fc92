"""The demo sites, and the expected result of scanning each."""

from dataclasses import dataclass, field
from pathlib import Path

PAGES = Path(__file__).parent / "pages"
CERTIFICATE = Path(__file__).parent / "expired.pem"
SUFFIX = "demo.test"


@dataclass(frozen=True, slots=True)
class DemoSite:
    """One site of the demo; its files are in `pages/<name>/`."""

    name: str
    shows: str
    # The expected verdict or failure reason.
    expects: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return f"{self.name}.{SUFFIX}"


SITES = (
    DemoSite("bakery", "a plain business", "ok", {"Server": "nginx/1.24.0"}),
    DemoSite(
        "shop",
        "a shop on WordPress",
        "ok",
        {
            "Server": "Apache",
            "X-Powered-By": "PHP/8.2.24",
            "Link": '<http://shop.demo.test/wp-json/>; rel="https://api.w.org/"',
        },
    ),
    DemoSite("magazine", "a magazine with a sitemap index", "ok", {"Server": "nginx"}),
    DemoSite("moved", "a redirect to its www host", "ok"),
    DemoSite("gone", "a page that is gone (404)", "http_error"),
    DemoSite("expired", "an expired certificate", "tls_error"),
    DemoSite("silent", "a server that never answers in time", "read_timeout"),
    DemoSite("unknown", "a name that does not exist", "dns_not_found"),
    DemoSite("private", "a robots.txt that disallows everything", "robots_disallowed"),
    DemoSite(
        "guarded", "a bot wall", "challenge", {"Server": "cloudflare", "CF-RAY": "8f2c11aa7d2e4c1b"}
    ),
    DemoSite("parked", "a parked domain", "parked"),
    DemoSite("empty", "an empty page", "empty"),
)
HOSTS = tuple(site.host for site in SITES)


def host_map(http_port: int, https_port: int) -> str:
    """Return the SCAN_HOST_MAP that maps the demo sites to these loopback ports."""
    return ",".join(
        (
            f"expired.{SUFFIX}=127.0.0.1:{http_port}:{https_port}",
            f"unknown.{SUFFIX}=nxdomain",
            f"*.{SUFFIX}=127.0.0.1:{http_port}",
        )
    )
