"""How the language of a text is told."""

# ruff: noqa: RUF001 (Cyrillic letters look like Latin ones)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.extractors.languages import detect_language

TEXTS = {
    "en": "We are a family bakery in the heart of the town. Our bread is made by hand every day "
    "and you can order it for your party or have it brought to your door by our friendly team.",
    "de": "Wir sind eine Familienbäckerei im Herzen der Stadt. Unser Brot wird jeden Tag von Hand "
    "gebacken und Sie können es auch für Ihre Feier bestellen oder nach Hause bringen lassen.",
    "fr": "Nous sommes une boulangerie familiale au cœur de la ville. Notre pain est fait à la "
    "main tous les jours et vous pouvez le commander pour vos fêtes ou le recevoir chez vous.",
    "es": "Somos una panadería familiar en el corazón de la ciudad. Nuestro pan se hace a mano "
    "todos los días y lo puede pedir para su fiesta o recibir en casa con una llamada.",
    "it": "Siamo un panificio di famiglia nel cuore della città. Il nostro pane è fatto a mano "
    "ogni giorno e non solo per i clienti che lo ordinano per la festa o per la casa.",
    "nl": "Wij zijn een familiebakkerij in het hart van de stad. Ons brood is elke dag met de hand "
    "gemaakt en u kunt het ook voor een feest bestellen of bij u thuis laten brengen.",
    "ja": "私たちは町の中心にある家族経営のパン屋です。毎日手作りのパンを焼いています。",
    "ru": "Мы семейная пекарня в самом центре города и печём хлеб вручную каждый день. Вы можете "
    "заказать его для праздника или на дом, и это не дорого, как и все наши торты.",
}  # fmt: skip


@pytest.mark.parametrize("language", TEXTS)
def test_the_language_of_a_paragraph_is_told(language):
    assert detect_language(TEXTS[language]) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Welcome to the bakery",
        "Lorem ipsum dolor sit amet consectetur " * 20,
        "42 " * 99,
        "Skin care " * 40,
    ],
)
def test_a_text_that_tells_nothing_has_no_language(text):
    assert detect_language(text) == ""


@given(st.text())
def test_any_text_is_looked_at_without_raising(text):
    assert isinstance(detect_language(text), str)
