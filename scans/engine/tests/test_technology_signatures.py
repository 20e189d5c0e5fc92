"""Every signature against the positive and the negative example that it carries."""

import pytest

from scans.engine.report import Technology
from scans.engine.technologies.detection import recogniser
from scans.engine.technologies.loader import load_signatures
from scans.engine.technologies.signature import Example, Signature

SIGNATURES = load_signatures()
by_name = pytest.mark.parametrize("signature", SIGNATURES, ids=lambda signature: signature.name)


def found_in(example: Example) -> dict[str, Technology]:
    cookies = dict.fromkeys(example.cookies, "1")
    found = recogniser().recognise(example.html, example.headers, cookies)
    return {technology.name: technology for technology in found}


def name_in(signature: Signature, example: Example) -> str:
    return signature.name.replace("{slug}", example.slug)


@by_name
def test_a_signature_is_recognised_in_its_positive_example(signature: Signature) -> None:
    example = signature.positive
    technology = found_in(example)[name_in(signature, example)]
    assert technology.version == example.version
    assert technology.category == signature.category
    assert technology.evidence
    assert not technology.evidence.startswith("implied")


@by_name
def test_a_signature_leaves_its_negative_example_alone(signature: Signature) -> None:
    example = signature.negative
    assert name_in(signature, example) not in found_in(example)
    assert example.html or example.headers or example.cookies


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


def test_a_page_without_marks_has_no_technologies() -> None:
    page = "<html><head><title>Joiner</title></head><body><p>We build stairs.</p></body></html>"
    assert recogniser().recognise(page, {}, {}) == ()
