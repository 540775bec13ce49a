"""A language is understood in its own tongue, in neighbouring ones, and by its codes."""

from __future__ import annotations

import pytest

from a2e_mcp.lookup.languages import Language, regions_of

KNOWN = [
    Language(f"{code}-{region}", f"{name} ({place})", code, region)
    for code, region, name, place in (
        ("en", "US", "English", "United States"),
        ("en", "GB", "English", "United Kingdom"),
        ("de", "DE", "German", "Germany"),
        ("es", "ES", "Spanish", "Spain"),
        ("pt", "BR", "Portuguese", "Brazil"),
        ("pt", "PT", "Portuguese", "Portugal"),
        ("ja", "JP", "Japanese", "Japan"),
        ("zh", "CN", "Chinese", "Mainland China"),
        ("hi", "IN", "Hindi", "India"),
        ("ru", "RU", "Russian", "Russia"),
    )
]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("Englisch", "en-US"), ("anglais", "en-US"), ("eng", "en-US"), ("en_gb", "en-GB"), ("deu", "de-DE")),
        *(("Spanisch", "es-ES"), ("português do Brasil", "pt-BR"), ("日本語", "ja-JP"), ("中文", "zh-CN")),
        *(("हिन्दी", "hi-IN"), ("Русский язык", "ru-RU"), ("alemán", "de-DE")),
    ],
)
def test_a_language_is_known_by_its_everyday_names(text: str, code: str) -> None:
    assert regions_of(text, KNOWN)[0].code == code
