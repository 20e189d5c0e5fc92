"""URLs that visitors pass through on the way to a site: sign-in, consent, a CDN's own name."""

from urllib.parse import parse_qsl, urlsplit

from scans.engine.hostnames import same_site
from scans.engine.public_suffixes import ascii_host

# Sites where visitors sign in or give consent before being sent back.
_SERVICES = frozenset(
    {
        "accounts.google.com",
        "amazoncognito.com",
        "auth0.com",
        "b2clogin.com",
        "captcha-delivery.com",
        "ciamlogin.com",
        "cloudflareaccess.com",
        "consent.google.com",
        "consent.yahoo.com",
        "consent.youtube.com",
        "duosecurity.com",
        "guce.advertising.com",
        "guce.yahoo.com",
        "login.gov",
        "login.live.com",
        "login.microsoftonline.com",
        "login.yahoo.com",
        "okta.com",
        "oktapreview.com",
        "onelogin.com",
        "pingone.com",
    }
)
# First labels of hosts where visitors of any site sign in: `login.example.com`.
_SIGN_IN_LABELS = frozenset(
    {"accounts", "adfs", "auth", "idp", "login", "oauth", "passport", "signin", "sso", "sts"}
)
# Parameters with the return URL.
_RETURN_TO = frozenset(
    {
        *(
            "back",
            "backurl",
            "callback",
            "callbackurl",
            "continue",
            "dest",
        ),
        *(
            "destination",
            "entityid",
            "goto",
            "next",
            "origin",
            "redirect",
        ),
        *(
            "redirect_to",
            "redirect_uri",
            "redirect_url",
            "redirecturi",
            "redirecturl",
            "return",
        ),
        *(
            "return_to",
            "return_url",
            "returnto",
            "returnurl",
            "rd",
            "relaystate",
        ),
        *(
            "ru",
            "service",
            "target",
            "targeturl",
            "url",
            "wreply",
        ),
        *("wtrealm",),
    }
)
# Parameters of sign-in protocols: SAML, OAuth 2, WS-Federation.
_SIGN_IN = ({"samlrequest"}, {"client_id", "response_type"}, {"wa", "wtrealm"})


def host_of(url: str) -> str:
    """Return the host of a URL in ASCII form; empty if it has none."""
    try:
        return ascii_host((urlsplit(url).hostname or "").lower())
    except ValueError:
        return ""


def is_way_station(url: str, site: str) -> bool:
    """Return whether a URL on another site leads visitors of `site` (a host) back to it."""
    host = host_of(url)
    suffixes = host.split(".")
    if any(".".join(suffixes[start:]) in _SERVICES for start in range(len(suffixes))):
        return True
    if suffixes[0] in _SIGN_IN_LABELS and len(suffixes) > 2:
        return True
    return _is_name_in_cdn(host, site.removeprefix("www.")) or _comes_back(url, site)


def _is_name_in_cdn(host: str, site: str) -> bool:
    """Recognise `www.example.com.cdn.example.net`; `example.com.au` is a different site."""
    before, name, rest = f".{host}".rpartition(f".{site}.")
    return bool(name) and before in ("", ".www") and "." in rest


def _comes_back(url: str, site: str) -> bool:
    params = [(name.lower(), value) for name, value in parse_qsl(urlsplit(url).query)]
    names = {name for name, _ in params}
    if any(protocol <= names for protocol in _SIGN_IN):
        return True
    targets = (value for name, value in params if name in _RETURN_TO)
    return any("//" in value[:8] and same_site(host_of(value), site) for value in targets)
