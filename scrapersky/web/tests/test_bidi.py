"""Bidirectional controls in untrusted text do not reorder its surroundings."""

import re
from unicodedata import bidirectional

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from batches.services import create_batch
from batches.tests.outcomes import complete
from scrapersky.tenants.models import Tenant
from scrapersky.web.bidi import isolate, isolate_html

OVERRIDE = "\u202e"
CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
MARKS = "\u061c\u200e\u200f"


def is_balanced(text: str) -> bool:
    """Return whether all isolates end within the text, and all embeddings are inside isolates."""
    depth = 0
    for character in text:
        kind = bidirectional(character)
        if kind in ("LRI", "RLI", "FSI"):
            depth += 1
        elif kind == "PDI":
            depth -= 1
            if depth < 0:
                return False
        elif kind in ("RLO", "LRO", "RLE", "LRE") and depth == 0:
            return False
    return depth == 0


@settings(deadline=None)
@given(st.text(st.sampled_from(CONTROLS + MARKS + "ab <א")))
def test_no_control_acts_beyond_itself(text: str) -> None:
    isolated = isolate(text)
    assert is_balanced(isolated)
    # In order, all that is not a control stands outside every isolate.
    outside = re.sub("\u2068[^\u2068\u2069]?\u2069{1,2}|\u2068\u2068\u2069\u2069", "", isolated)
    kept = [c for c in text if c not in CONTROLS or c == "\u202c"]
    assert [c for c in outside if c != "\u202c"] == [c for c in kept if c != "\u202c"]


@pytest.mark.parametrize("control", [*CONTROLS, *MARKS])
def test_the_text_that_holds_a_control_is_isolated_as_a_whole(control: str) -> None:
    page = f'<p class="a>b">Shop {control}evil</p> <b>OK</b>'
    isolated = isolate_html(page)
    assert re.sub("[\u2068\u2069]", "", isolated) == re.sub(
        "[\u2068\u2069]", "", f'<p class="a>b"><bdi>Shop {control}evil</bdi></p> <b>OK</b>'
    )


@pytest.mark.parametrize(
    "page",
    [
        f"<textarea>typed {OVERRIDE} text</textarea>",
        f'<input value="typed {OVERRIDE} text">',
        f'<script type="application/json">"{OVERRIDE}"</script>',
        f"<!-- {OVERRIDE} -->",
        "<p>plain text, <b>אבג</b> &lt; é</p>",
    ],
)
def test_what_is_sent_back_or_not_shown_stays_as_it_is(page: str) -> None:
    assert isolate_html(page) == page


def test_a_title_and_an_option_get_no_markup() -> None:
    page = isolate_html(f"<title>{OVERRIDE}a · Console</title><option value=1>{OVERRIDE}b</option>")
    assert "<bdi>" not in page
    assert is_balanced(page)
    assert page.count("\u2068") == 2


@pytest.mark.django_db
def test_every_page_with_untrusted_text_is_isolated(
    console: Client, default_tenant: Tenant
) -> None:
    name = f"list {OVERRIDE}gnp.exe"
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.com"], name=name)
    job = complete(batch.jobs.get(), title=f"Shop {OVERRIDE}gnp.exe")
    assert job.domain is not None
    pages = ["/", "/batches/", f"/batches/{batch.pk}/", "/domains/", f"/domains/{job.domain.pk}/"]
    for url in pages:
        body = console.get(url).content.decode()
        assert OVERRIDE in body, url
        texts = re.sub(r"<textarea.*?</textarea>|<[^>]*>", "\n", body, flags=re.DOTALL)
        assert is_balanced(texts), url
        for line in (line for line in texts.splitlines() if OVERRIDE in line):
            assert is_balanced(line), line


@pytest.mark.django_db
def test_a_message_that_names_untrusted_text_keeps_its_order(console: Client) -> None:
    response = console.post("/account/tokens/new/", {"name": f"{OVERRIDE}abc"}, follow=True)
    pk = response.context["fresh_token"].pk
    body = console.post(f"/account/tokens/{pk}/revoke/", follow=True).content.decode()
    [message] = [line for line in body.splitlines() if "is revoked" in line]
    assert f"<bdi>The token \u2068{OVERRIDE}\u2069abc is revoked.</bdi>" in message
