"""The look-up in the Public Suffix List."""

import pytest
from tldextract import TLDExtract

from scans.engine.public_suffixes import public_suffix


@pytest.mark.parametrize(
    ("host", "suffix"),
    [
        ("example.com", "com"),
        ("a.b.example.co.uk", "co.uk"),
        ("co.uk", "co.uk"),
        ("me.github.io", "github.io"),
        ("shop.kawasaki.jp", "shop.kawasaki.jp"),  # *.kawasaki.jp
        ("a.city.kawasaki.jp", "kawasaki.jp"),  # !city.kawasaki.jp
        ("x.xn--55qx5d.cn", "xn--55qx5d.cn"),  # written in Chinese in the list
        ("nothing.banana", ""),
        ("", ""),
    ],
)
def test_the_longest_rule_gives_the_suffix(host, suffix):
    assert public_suffix(host) == suffix


def test_every_rule_of_the_list_gives_what_tldextract_gives():
    library = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
    names = [rule.lstrip("!").replace("*", "wild") for rule in library.tlds if rule.isascii()]
    hosts = [prefix + name for name in names for prefix in ("", "a.", "b.a.")]
    assert len(hosts) > 20_000
    assert [host for host in hosts if public_suffix(host) != library.extract_str(host).suffix] == []
