"""Every signature is checked against its positive and negative example."""

from pathlib import Path

import pytest

from scans.engine.report import Technology
from scans.engine.technologies.detection import recogniser
from scans.engine.technologies.loader import CATEGORIES, load_signatures
from scans.engine.technologies.signature import Example, Place, Signature

SIGNATURES = load_signatures()
by_name = pytest.mark.parametrize("signature", SIGNATURES, ids=lambda signature: signature.name)


def found_in(example: Example) -> dict[str, Technology]:
    cookies = dict.fromkeys(example.cookies, "1")
    result = recogniser().recognise(
        example.html, example.headers, cookies, hosts=["www.example.org"]
    )
    return {technology.name: technology for technology in result}


def name_in(signature: Signature, example: Example) -> str:
    return signature.name.replace("{slug}", example.slug)


def test_every_category_has_a_technology() -> None:
    assert {signature.category for signature in SIGNATURES} == CATEGORIES


@by_name
def test_a_signature_is_recognised_in_its_positive_example(signature: Signature) -> None:
    example = signature.positive
    technology = found_in(example)[name_in(signature, example)]
    assert technology.version == example.version
    assert technology.category == signature.category
    assert technology.evidence
    assert not technology.evidence.startswith("implied")


@by_name
def test_a_signature_leaves_its_negative_examples_alone(signature: Signature) -> None:
    for example in signature.negatives:
        assert name_in(signature, example) not in found_in(example)
        assert example.html or example.headers or example.cookies


@by_name
def test_a_technology_that_is_only_named_or_linked_is_not_in_use(signature: Signature) -> None:
    name = signature.name.replace("{slug}", signature.positive.slug)
    link = f'<a href="{signature.website}">{name}</a>'
    html = f'<title>{name}</title><p>We know {name}.</p>{link}<img src="/logo.png" alt="{name}">'
    assert found_in(Example(html)) == {}


@by_name
def test_another_hosts_files_show_nothing_of_this_site(signature: Signature) -> None:
    name = signature.name.replace("{slug}", signature.positive.slug)
    for literal in signature.literals.get(Place.OWN, ()):
        path = literal.lstrip("/") + (signature.positive.slug or "x") + "/x"
        for tag in ('<img src="{}.jpg">', '<script src="{}.js"></script>', "<script>'{}'</script>"):
            html = tag.format(f"https://tag.partner.example/{path}")
            assert name not in found_in(Example(html)), html


@by_name
def test_a_hot_linked_image_shows_nothing_of_this_site(signature: Signature) -> None:
    name = signature.name.replace("{slug}", signature.positive.slug)
    for place in (Place.FILES, Place.CODE):
        for literal in signature.literals.get(place, ()):
            host = "" if "." in literal.partition("/")[0] else "partner.example"
            address = f"//{host}{literal}x".replace("////", "//").replace("//.", "//x.")
            for tag in ('<img src="https:{}.jpg">', '<link rel="preconnect" href="https:{}">'):
                html = tag.format(address)
                assert name not in found_in(Example(html)), html


@by_name
def test_what_a_signature_implies_is_found_with_it(signature: Signature) -> None:
    assert set(signature.implies) <= set(found_in(signature.positive))


def test_there_are_signatures_for_the_commonest_technologies_of_every_kind() -> None:
    categories = {signature.category for signature in SIGNATURES}
    assert len(SIGNATURES) >= 120
    assert categories >= {
        "CMS", "E-commerce", "Analytics", "Tag manager", "Live chat", "Fonts", "CDN",
        "JavaScript framework", "Payment", "Consent", "Hosting", "WordPress plugin",
    }  # fmt: skip


def test_the_readme_states_how_many_signatures_there_are() -> None:
    readme = Path(__file__).parents[3] / "README.md"
    assert f"from {len(SIGNATURES)} signatures" in readme.read_text("utf-8")


def test_a_page_without_marks_has_no_technologies() -> None:
    page = "<html><head><title>Joiner</title></head><body><p>We build stairs.</p></body></html>"
    assert recogniser().recognise(page, {}, {}) == ()
