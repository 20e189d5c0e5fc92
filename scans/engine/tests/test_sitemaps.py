"""Walking the sitemaps of a site."""

from dataclasses import dataclass, replace

import pytest

from scans.engine.errors import FailureReason, ScanError
from scans.engine.limits import Limits
from scans.engine.sitemaps import collect_sitemaps

SITE = "https://example.com"


@dataclass
class Answer:
    chunks: object
    status: int = 200
    final_url: str = ""


class Site:
    """A site of sitemaps, and the requests it received."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []
        # The URLs requested on other sites, and those that their robots.txt disallows.
        self.elsewhere = []
        self.refused = set()

    def fetch(self, url, on_redirect):
        name = url.rpartition("/")[2].partition(".")[0]
        self.asked.append(name)
        answer = self.answers.get(name, Answer([b""], 404))
        if isinstance(answer, Answer) and answer.final_url:
            on_redirect(answer.final_url)
        if isinstance(answer, ScanError):
            raise answer
        if isinstance(answer, str):
            answer = Answer([answer.encode()])
        return replace(answer, final_url=answer.final_url or url)

    def walk(self, *seeds, source="robots", **limits):
        named = [
            (f"{SITE}/{seed}.xml", source) if isinstance(seed, str) else seed for seed in seeds
        ]
        check = self.check_robots
        return collect_sitemaps(named, self.fetch, Limits(**limits), "www.example.com", check)

    def check_robots(self, url):
        if url in self.refused:
            raise ScanError(FailureReason.ROBOTS_DISALLOWED, "Not allowed.")
        self.elsewhere.append(url)


def urlset(*pages):
    return "<urlset>" + "".join(f"<url><loc>{page}</loc></url>" for page in pages) + "</urlset>"


def index(*names):
    return (
        "<sitemapindex>"
        + "".join(f"<sitemap><loc>{SITE}/{name}.xml</loc></sitemap>" for name in names)
        + "</sitemapindex>"
    )


def pages(walk):
    return [entry.loc.removeprefix(SITE) for entry in walk.entries]


def well_known(name):
    return f"{SITE}/{name}.xml", "well_known"


def test_an_index_is_followed_to_its_sitemaps():
    site = Site(top=index("a", "b"), a=urlset(f"{SITE}/1"), b=urlset(f"{SITE}/2"))
    walk = site.walk("top")
    assert pages(walk) == ["/1", "/2"]
    assert [
        (file.url, file.kind, file.source, file.parent_url, file.url_count) for file in walk.files
    ] == [
        (f"{SITE}/top.xml", "index", "robots", "", 2),
        (f"{SITE}/a.xml", "urlset", "index", f"{SITE}/top.xml", 1),
        (f"{SITE}/b.xml", "urlset", "index", f"{SITE}/top.xml", 1),
    ]
    assert walk.notes == []


def test_pages_of_other_sites_and_pages_named_twice_are_left_out():
    site = Site(
        a=urlset(f"{SITE}/1", "https://evilexample.com/", "https://shop.example.com/", f"{SITE}/1")
    )
    walk = site.walk("a")
    assert [entry.loc for entry in walk.entries] == [f"{SITE}/1", "https://shop.example.com/"]
    assert walk.files[0].url_count == 4


def test_a_sitemap_that_lists_itself_is_read_once():
    site = Site(a=index("a", "b", "b"), b=index("a"))
    site.walk("a", "a")
    assert site.asked == ["a", "b"]


def test_two_addresses_that_lead_to_one_sitemap_are_read_once():
    same = Answer([urlset(f"{SITE}/1").encode()], final_url=f"{SITE}/real.xml")
    walk = Site(a=same, b=same).walk("a", "b")
    assert pages(walk) == ["/1"]
    assert "already been read" in walk.files[1].error


def test_indexes_of_indexes_are_followed_to_the_depth_allowed():
    site = Site(d0=index("d1"), d1=index("d2"), d2=index("d3"), d3=urlset(f"{SITE}/1"))
    walk = site.walk("d0", sitemap_depth=2)
    assert site.asked == ["d0", "d1", "d2"]
    assert walk.notes == [f"The indexes below {SITE}/d2.xml are nested too deep to follow."]
    assert pages(site.walk("d0", sitemap_depth=3)) == ["/1"]


def test_no_more_sitemaps_are_opened_than_allowed():
    site = Site(top=index(*(f"s{number}" for number in range(30))))
    walk = site.walk("top", max_sitemaps=5)
    assert len(site.asked) == len(walk.files) == 5
    assert walk.notes == ["26 sitemaps were not opened because of the scan's limits."]


def test_no_more_pages_are_taken_than_allowed():
    site = Site(a=urlset(*(f"{SITE}/{number}" for number in range(9))), b=urlset(f"{SITE}/x"))
    walk = site.walk("a", "b", max_pages=5)
    assert len(walk.entries) == 5
    assert site.asked == ["a"]
    assert [note.partition(" ")[0] for note in walk.notes] == [f"{SITE}/a.xml", "1"]


def test_what_cannot_be_had_or_read_is_recorded_with_its_error():
    site = Site(
        gone=Answer([b""], 404),
        page="<html>",
        refused=ScanError(FailureReason.CONNECTION_REFUSED, "Refused."),
    )
    walk = site.walk("gone", "page", "refused")
    assert [file.error for file in walk.files] == [
        "It returned status 404.",
        "It is a web page, not a sitemap.",
        "Refused.",
    ]
    assert walk.entries == []


def test_a_stream_that_breaks_off_leaves_what_was_read():
    def breaking():
        yield urlset(f"{SITE}/1").removesuffix("</urlset>").encode()
        raise ScanError(FailureReason.READ_TIMEOUT, "Too slow.")

    walk = Site(a=Answer(breaking()), b=urlset(f"{SITE}/2")).walk("a", "b")
    assert pages(walk) == ["/1", "/2"]
    assert walk.files[0].error == "Too slow."


def test_a_passed_deadline_ends_the_walk_with_what_there_is():
    late = ScanError(FailureReason.DEADLINE_EXCEEDED, "Out of time.")
    site = Site(a=urlset(f"{SITE}/1"), b=late, c=urlset(f"{SITE}/2"))
    walk = site.walk("a", "b", "c")
    assert pages(walk) == ["/1"]
    assert site.asked == ["a", "b"]
    assert walk.notes == ["Out of time. Not all sitemaps were read."]


def test_a_cancelled_scan_ends_the_walk_at_once():
    with pytest.raises(ScanError) as cancelled:
        Site(a=ScanError(FailureReason.CANCELLED)).walk("a", "b")
    assert cancelled.value.reason is FailureReason.CANCELLED


def test_a_guessed_sitemap_is_recorded_only_where_it_exists():
    site = Site(
        a=Answer([b"<html>"]), c=ScanError(FailureReason.READ_TIMEOUT), d=urlset(f"{SITE}/1")
    )
    walk = site.walk(*map(well_known, "abcd"))
    assert [file.url for file in walk.files] == [f"{SITE}/d.xml"]
    assert pages(walk) == ["/1"]


def test_sitemaps_are_guessed_only_until_one_is_found():
    site = Site(a=urlset(f"{SITE}/1"), b=urlset(f"{SITE}/2"))
    site.walk("a", well_known("b"))
    assert site.asked == ["a"]
    site = Site(a=Answer([b""], 404), b=urlset(f"{SITE}/2"), c=urlset(f"{SITE}/3"))
    assert pages(site.walk("a", well_known("b"), well_known("c"))) == ["/2"]


# Sitemaps on other sites' hosts

CDN = "https://cdn.example.net"


def elsewhere(*names, host=CDN):
    locations = "".join(f"<sitemap><loc>{host}/{name}.xml</loc></sitemap>" for name in names)
    return f"<sitemapindex>{locations}</sitemapindex>"


def test_a_sitemap_elsewhere_is_read_where_robots_txt_lists_it():
    site = Site(s=urlset(f"{SITE}/1"))
    walk = site.walk((f"{CDN}/s.xml", "robots"))
    assert pages(walk) == ["/1"]
    assert site.elsewhere == [f"{CDN}/s.xml"]
    assert walk.is_complete


def test_a_sitemap_elsewhere_is_read_where_an_index_that_robots_txt_lists_names_it():
    site = Site(top=elsewhere("s"), s=urlset(f"{SITE}/1"))
    assert pages(site.walk("top")) == ["/1"]


@pytest.mark.parametrize("source", ["html", "well_known"])
def test_an_index_that_robots_txt_does_not_list_leads_to_no_other_site(source):
    site = Site(top=elsewhere(*(f"s{number}" for number in range(50))))
    walk = site.walk("top", source=source)
    assert site.asked == ["top"]
    assert site.elsewhere == []
    assert len(walk.notes) == 1
    assert walk.notes[0].startswith("50 sitemaps of other sites (cdn.example.net) were not opened")


def test_an_index_below_one_that_robots_txt_lists_leads_to_no_other_site():
    site = Site(top=index("inner"), inner=elsewhere("s"))
    site.walk("top")
    assert site.asked == ["top", "inner"]


def test_a_sitemap_that_only_a_page_links_to_is_not_read_elsewhere():
    site = Site(s=urlset(f"{SITE}/1"))
    assert pages(site.walk((f"{CDN}/s.xml", "html"))) == []
    assert site.asked == []


def test_five_files_of_another_host_are_read_and_the_rest_is_said_to_be_left():
    site = Site(top=elsewhere(*(f"s{number}" for number in range(49))), own=urlset(f"{SITE}/1"))
    walk = site.walk("top", "own")
    assert len(site.elsewhere) == 5
    assert pages(walk) == ["/1"]
    assert walk.notes == [
        "44 sitemaps were not opened. At most 5 are read from another site, cdn.example.net."
    ]
    assert not walk.is_complete


def test_three_hosts_of_others_are_asked():
    seeds = [(f"https://cdn{number}.example.net/s.xml", "robots") for number in range(5)]
    site = Site(s=urlset(f"{SITE}/1"))
    walk = site.walk(*seeds)
    assert len(site.elsewhere) == 3
    assert walk.notes == [
        "2 sitemaps were not opened. Sitemaps are read from at most 3 hosts of other sites."
    ]


def test_the_robots_txt_of_the_other_host_is_obeyed():
    site = Site(s=urlset(f"{SITE}/1"))
    site.refused.add(f"{CDN}/s.xml")
    walk = site.walk((f"{CDN}/s.xml", "robots"))
    assert site.asked == []
    assert [file.error for file in walk.files] == ["Not allowed."]
    assert not walk.is_complete


@pytest.mark.parametrize(("source", "read"), [("robots", ["/1"]), ("html", []), ("well_known", [])])
def test_a_redirect_to_another_host_is_held_to_the_same(source, read):
    there = Answer([urlset(f"{SITE}/1").encode()], final_url=f"{CDN}/s.xml")
    site = Site(s=there)
    walk = site.walk("s", source=source)
    assert pages(walk) == read
    assert site.elsewhere == ([f"{CDN}/s.xml"] if read else [])
    if source == "html":
        assert "another site" in walk.files[0].error


def test_hosts_below_the_sites_own_domain_are_not_others():
    site = Site(top=elsewhere("s", host="https://cdn.example.com"), s=urlset(f"{SITE}/1"))
    assert pages(site.walk("top", source="html")) == ["/1"]
    assert site.elsewhere == []


# Coverage


def test_a_sitemap_that_lists_only_another_site_says_so():
    walk = Site(a=urlset("https://old-name.example.net/1", "https://old-name.example.net/2")).walk(
        "a"
    )
    assert (
        walk.files[0].error == "None of its 2 pages is on this site, but on old-name.example.net."
    )
    assert walk.files[0].url_count == 2


@pytest.mark.parametrize(
    ("answer", "is_complete"),
    [
        (urlset(f"{SITE}/1"), True),
        ("<urlset/>", True),
        (Answer([b""], 404), True),
        (Answer([b""], 410), True),
        (Answer([b""], 403), False),
        (Answer([b""], 500), False),
        ("<html>", False),
        ("Service unavailable", False),
        ("<!DOCTYPE urlset><urlset/>", False),
        (urlset(f"{SITE}/1").removesuffix("</urlset>"), False),
        ("<urlset><url><loc>x</url></urlset>", False),
        (ScanError(FailureReason.READ_TIMEOUT, "Too slow."), False),
    ],
)
def test_the_walk_is_complete_only_where_every_sitemap_was_read_to_its_end(answer, is_complete):
    assert Site(a=answer, b=urlset(f"{SITE}/2")).walk("a", "b").is_complete is is_complete


@pytest.mark.parametrize(
    ("answer", "is_complete"),
    [("<html>", True), (Answer([b""], 404), True), (Answer([b""], 503), False),
     (ScanError(FailureReason.READ_TIMEOUT, "Too slow."), False)],
)  # fmt: skip
def test_a_guess_that_fails_for_now_leaves_it_open_whether_there_is_one(answer, is_complete):
    assert Site(a=answer).walk(well_known("a")).is_complete is is_complete


def test_more_sitemaps_than_can_wait_are_counted():
    names = [f"s{number}" for number in range(1_500)]
    walk = Site(top=index(*names)).walk("top", max_sitemaps=1)
    assert walk.notes == ["1,500 sitemaps were not opened because of the scan's limits."]


def test_seeds_that_are_no_urls_are_passed_over():
    site = Site(a=urlset(f"{SITE}/1"))
    assert pages(site.walk(("nonsense", "robots"), ("ftp://example.com/s.xml", "html"), "a")) == [
        "/1"
    ]
    assert site.asked == ["a"]
