"""Which links are social profiles."""

import pytest

from scans.engine.extractors import read_page
from scans.engine.extractors.social import profile


@pytest.mark.parametrize(
    ("url", "network", "canonical"),
    [
        ("https://www.facebook.com/TheBakery/", "facebook", "https://www.facebook.com/TheBakery"),
        (
            "http://de-de.facebook.com/TheBakery?ref=ts",
            "facebook",
            "https://www.facebook.com/TheBakery",
        ),
        (
            "https://facebook.com/pages/The-Bakery/123?sk=wall",
            "facebook",
            "https://www.facebook.com/pages/The-Bakery/123",
        ),
        (
            "https://www.facebook.com/profile.php?id=123",
            "facebook",
            "https://www.facebook.com/profile.php?id=123",
        ),
        ("https://fb.com/TheBakery", "facebook", "https://www.facebook.com/TheBakery"),
        ("https://twitter.com/TheBakery/status/12", "x", "https://x.com/TheBakery"),
        ("https://x.com/@TheBakery", "x", "https://x.com/TheBakery"),
        (
            "https://www.linkedin.com/company/the-bakery/about/",
            "linkedin",
            "https://www.linkedin.com/company/the-bakery",
        ),
        (
            "https://uk.linkedin.com/in/anna-baker",
            "linkedin",
            "https://www.linkedin.com/in/anna-baker",
        ),
        (
            "https://www.linkedin.com/pub/anna-baker/1/2a3/4b5",
            "linkedin",
            "https://www.linkedin.com/pub/anna-baker/1/2a3/4b5",
        ),
        ("https://instagram.com/the.bakery/", "instagram", "https://www.instagram.com/the.bakery"),
        (
            "https://www.youtube.com/@thebakery/videos",
            "youtube",
            "https://www.youtube.com/@thebakery",
        ),
        (
            "https://www.youtube.com/channel/UCabc-123",
            "youtube",
            "https://www.youtube.com/channel/UCabc-123",
        ),
        (
            "https://www.tiktok.com/@thebakery?lang=en",
            "tiktok",
            "https://www.tiktok.com/@thebakery",
        ),
        (
            "https://www.pinterest.co.uk/thebakery/",
            "pinterest",
            "https://www.pinterest.com/thebakery",
        ),
        ("https://github.com/thebakery/site", "github", "https://github.com/thebakery"),
    ],
)
def test_a_profile_has_one_canonical_address(url, network, canonical):
    assert profile(url) == (network, canonical)


FACEBOOK = "https://www.facebook.com/"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://m.facebook.com/thebakery", "thebakery"),
        ("https://business.facebook.com/thebakery/?ref=x", "thebakery"),
        ("https://m.me/thebakery", "thebakery"),
        ("https://www.facebook.com/100063512345678", "100063512345678"),
        ("https://www.facebook.com/Müller-Backstube-131/", "M%C3%BCller-Backstube-131"),
        ("https://www.facebook.com/M%c3%bcller-Backstube-131", "M%C3%BCller-Backstube-131"),
        ("https://www.facebook.com/groups/musterwerk/posts/1/", "groups/musterwerk"),
        ("https://www.facebook.com/groups/1234567890", "groups/1234567890"),
        ("https://www.facebook.com/people/Eva-Muster/1000635/", "people/Eva-Muster/1000635"),
        ("https://www.facebook.com/p/Muster-Werk-1000635/", "p/Muster-Werk-1000635"),
        ("https://www.facebook.com/pg/musterwerk/about", "musterwerk"),
        ("https://www.facebook.com/pages/Muster/1310112?sk=info", "pages/Muster/1310112"),
        (
            "https://www.facebook.com/pages/category/Bakery/Muster-Backstube-1310112/",
            "pages/category/Bakery/Muster-Backstube-1310112",
        ),
        ("https://www.facebook.com/profile.php?id=1000635&sk=about", "profile.php?id=1000635"),
    ],
)
def test_every_form_of_a_facebook_profile_is_known(url, kept):
    assert profile(url) == ("facebook", FACEBOOK + kept)


@pytest.mark.parametrize(
    ("url", "network", "canonical"),
    [
        (
            "https://www.youtube.com/@müllerkessel",
            "youtube",
            "https://www.youtube.com/@m%C3%BCllerkessel",
        ),
        (
            "https://www.youtube.com/@m%C3%BCllerkessel/videos",
            "youtube",
            "https://www.youtube.com/@m%C3%BCllerkessel",
        ),
        (
            "https://youtube.com/@\u043f\u0435\u043a\u0430\u0440\u043d\u044f",
            "youtube",
            "https://www.youtube.com/@%D0%BF%D0%B5%D0%BA%D0%B0%D1%80%D0%BD%D1%8F",
        ),
        (
            "https://m.youtube.com/c/Muster%20Werk",
            "youtube",
            "https://www.youtube.com/c/Muster%20Werk",
        ),
        (
            "https://www.youtube.com/user/muster/about",
            "youtube",
            "https://www.youtube.com/user/muster",
        ),
        (
            "https://www.youtube.com/MusterWerk/featured",
            "youtube",
            "https://www.youtube.com/MusterWerk",
        ),
        (
            "https://www.linkedin.com/school/muster-schule/",
            "linkedin",
            "https://www.linkedin.com/school/muster-schule",
        ),
        (
            "https://www.linkedin.com/showcase/muster-labs/jobs",
            "linkedin",
            "https://www.linkedin.com/showcase/muster-labs",
        ),
        (
            "https://de.linkedin.com/in/j%C3%B6rg-m%C3%BCller-1a2b/de?trk=x",
            "linkedin",
            "https://www.linkedin.com/in/j%C3%B6rg-m%C3%BCller-1a2b",
        ),
        (
            "https://www.instagram.com/_muster_/?hl=de",
            "instagram",
            "https://www.instagram.com/_muster_",
        ),
        ("https://mobile.twitter.com/muster/media", "x", "https://x.com/muster"),
        ("https://www.threads.net/@muster.werk", "threads", "https://www.threads.com/@muster.werk"),
        ("https://threads.com/@muster/post/C1?x", "threads", "https://www.threads.com/@muster"),
        (
            "https://bsky.app/profile/muster.bsky.social/post/3k",
            "bluesky",
            "https://bsky.app/profile/muster.bsky.social",
        ),
        (
            "https://bsky.app/profile/did:plc:z72i7hdynmk6",
            "bluesky",
            "https://bsky.app/profile/did:plc:z72i7hdynmk6",
        ),
        ("https://muster.bsky.social/", "bluesky", "https://bsky.app/profile/muster.bsky.social"),
        ("https://t.me/musterwerk", "telegram", "https://t.me/musterwerk"),
        ("https://t.me/s/musterwerk/12", "telegram", "https://t.me/musterwerk"),
        ("https://telegram.me/musterwerk?start=1", "telegram", "https://t.me/musterwerk"),
        ("https://musterwerk.t.me", "telegram", "https://t.me/musterwerk"),
        (
            "https://whatsapp.com/channel/0029VaAbCdEfGhIjKlMn",
            "whatsapp",
            "https://www.whatsapp.com/channel/0029VaAbCdEfGhIjKlMn",
        ),
        ("https://www.xing.com/pages/musterwerk", "xing", "https://www.xing.com/pages/musterwerk"),
        (
            "https://www.xing.com/companies/muster%26werk/updates",
            "xing",
            "https://www.xing.com/companies/muster&werk",
        ),
        (
            "https://www.xing.com/profile/Eva_Muster2/cv",
            "xing",
            "https://www.xing.com/profile/Eva_Muster2",
        ),
        ("https://vimeo.com/musterwerk", "vimeo", "https://vimeo.com/musterwerk"),
        ("https://vimeo.com/user1234567/videos", "vimeo", "https://vimeo.com/user1234567"),
        ("https://vimeo.com/channels/muster", "vimeo", "https://vimeo.com/channels/muster"),
        ("https://www.tiktok.com/@muster/video/72", "tiktok", "https://www.tiktok.com/@muster"),
        ("https://de.pinterest.com/muster/ideen/", "pinterest", "https://www.pinterest.com/muster"),
        ("https://pinterest.de/muster", "pinterest", "https://www.pinterest.com/muster"),
        ("https://www.pinterest.com.mx/muster", "pinterest", "https://www.pinterest.com/muster"),
        ("https://github.com/orgs/muster/repositories", "github", "https://github.com/muster"),
    ],
)
def test_the_forms_of_other_networks_are_known(url, network, canonical):
    assert profile(url) == (network, canonical)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.instagram.com/_u/muster",
        "https://www.instagram.com/_n/mainfeed",
        "https://www.instagram.com/explore/tags/brot/",
        "https://www.instagram.com/invites/contact/?i=1",
        "https://www.instagram.com/privacy/checks/",
        "https://www.instagram.com/create/story",
        "https://help.instagram.com/155833707900388",
        "https://about.instagram.com/blog",
        "https://twitter.com/en/privacy",
        "https://twitter.com/de/tos",
        "https://twitter.com/compose/tweet?text=x",
        "https://x.com/compose/post",
        "https://x.com/jobs",
        "https://x.com/muster/unknown-service",
        "https://business.x.com/en",
        "https://help.twitter.com/en/rules",
        "https://twitter.com/intent/follow?screen_name=muster",
        "https://x.com/i/communities/123",
        "https://www.facebook.com/privacy/policy/",
        "https://www.facebook.com/share/p/abc/",
        "https://www.facebook.com/v2.8/dialog/oauth",
        "https://www.facebook.com/groups/feed/",
        "https://www.facebook.com/pages/create",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fmuster.de",
        "https://developers.facebook.com/docs",
        "https://www.facebook.com/messages/t/muster",
        "https://www.linkedin.com/jobs/view/123",
        "https://www.linkedin.com/company/setup/new",
        "https://www.linkedin.com/feed/update/urn:li:activity:1",
        "https://www.linkedin.com/legal/privacy-policy",
        "https://business.linkedin.com/marketing-solutions",
        "https://www.youtube.com/shorts/abc",
        "https://www.youtube.com/live/abc",
        "https://www.youtube.com/t/privacy",
        "https://www.youtube.com/clip/Ugk",
        "https://www.youtube.com/@",
        "https://tv.youtube.com/welcome",
        "https://youtu.be/dQw4w9WgXcQ",
        "https://www.threads.net/intent/post?text=x",
        "https://bsky.app/intent/compose?text=x",
        "https://bsky.app/search?q=muster",
        "https://t.me/share/url?url=x",
        "https://t.me/joinchat/AbC",
        "https://t.me/+AbCdEf",
        "https://t.me/c/12345/6",
        "https://www.whatsapp.com/download",
        "https://www.whatsapp.com/legal/privacy-policy",
        "https://www.xing.com/spi/shares/new?url=x",
        "https://www.xing.com/app/user?op=share",
        "https://www.xing.com/jobs/berlin-baecker-1",
        "https://privacy.xing.com/de",
        "https://vimeo.com/123456789",
        "https://vimeo.com/ondemand/muster",
        "https://vimeo.com/share/x",
        "https://player.vimeo.com/video/123456",
        "https://www.tiktok.com/legal/privacy-policy",
        "https://vm.tiktok.com/ZMabc/",
        "https://www.pinterest.com/pin-builder/?url=x",
        "https://policy.pinterest.com/de/privacy-policy",
        "https://docs.github.com/en",
        "https://gist.github.com/muster",
        "https://github.com/security/advanced-security",
    ],
)
def test_the_paths_of_the_service_itself_are_no_profiles(url):
    assert profile(url) is None


def social(body: str, url: str = "https://www.musterwerk.de/") -> list[tuple[str, str]]:
    page = read_page(f"<html><body>{body}".encode(), url, "text/html")
    return [(contact.label, contact.value) for contact in page.contacts if contact.kind == "social"]


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://fosstodon.org/@muster">x</a>',
        '<a href="https://mastodon.example/@muster/">x</a>',
        '<a href="https://muster.social/@muster">x</a>',
        '<a href="https://muster.tech/@muster" rel="noopener me">x</a>',
        '<a href="https://muster.tech/@muster">Wir auf Mastodon</a>',
        '<a href="https://chaos.social/users/muster">x</a>',
        '<link rel="me" href="https://muster.tech/@muster">',
        '<script type="application/ld+json">{"sameAs": "https://muster.tech/@muster"}</script>',
    ],
)
def test_a_profile_on_any_mastodon_server_is_known(link):
    ((network, url),) = social(link)
    assert network == "mastodon"
    assert url.endswith("/@muster")


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://medium.com/@muster" rel="me">x</a>',
        '<a href="https://unpkg.com/@muster/kessel">x</a>',
        '<a href="https://muster.tech/@muster">x</a>',
        '<a href="https://fosstodon.org/@muster/1093">Toot</a>',
        '<a href="https://fosstodon.org/share?text=x">x</a>',
        '<a href="https://www.google.com/maps/@52.5,13.4">x</a>',
    ],
)
def test_other_pages_below_an_at_sign_are_no_profiles(link):
    assert social(link) == []


@pytest.mark.parametrize("host", ["twitter.com", "www.facebook.com"])
def test_a_path_kept_in_the_fragment_is_read(host):
    ((_, url),) = social(f'<a href="https://{host}/#!/musterwerk">x</a>')
    assert url.endswith(".com/musterwerk")


@pytest.mark.parametrize(
    "url",
    [
        "https://www.facebook.com/sharer/sharer.php?u=https://bakery.com",
        "https://www.facebook.com/sharer.php?u=x",
        "https://www.facebook.com/dialog/feed",
        "https://www.facebook.com/tr?id=1",
        "https://www.facebook.com/",
        "https://www.facebook.com/profile.php?id=me",
        "https://twitter.com/intent/tweet?text=x",
        "https://twitter.com/share",
        "https://x.com/home",
        "https://www.linkedin.com/shareArticle?mini=true",
        "https://www.linkedin.com/sharing/share-offsite/",
        "https://www.instagram.com/p/AbC123/",
        "https://www.youtube.com/watch?v=abc",
        "https://www.youtube.com/embed/abc",
        "https://www.tiktok.com/tag/bread",
        "https://pinterest.com/pin/create/button/",
        "https://github.com/features",
        "https://notfacebook.com/TheBakery",
        "https://facebook.com.evil.com/TheBakery",
        "https://max.com/TheBakery",
        "https://bakery.com/x.com/TheBakery",
        "",
    ],
)
def test_share_buttons_posts_and_other_sites_are_no_profiles(url):
    assert profile(url) is None
