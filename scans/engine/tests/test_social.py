"""Which links are somebody's profile."""

import pytest

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
