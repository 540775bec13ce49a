"""Who and what is there from the beginning: drawn avatars, backdrops, and voices by language."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from a2e_mcp.sandbox.protocol import DrawnAvatar, Gender
from a2e_mcp.sandbox.store import SANDBOX_ID_PREFIX

Colour = tuple[int, int, int]
Quality = Literal["good", "phonetic-only"]


def steady_id(kind: str, name: str) -> str:
    """An id that is the same in every sandbox."""
    return SANDBOX_ID_PREFIX + hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class SystemAvatar:
    """A drawn person that belongs to the sandbox itself."""

    name: str
    gender: Gender
    seed: int

    @property
    def id(self) -> str:
        """Its `anchor_id`."""
        return steady_id("avatar", self.name)

    @property
    def drawn(self) -> DrawnAvatar:
        """What the renderer draws."""
        return DrawnAvatar(seed=self.seed, gender=self.gender)


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A background picture that belongs to the sandbox itself: a gradient, or one colour."""

    name: str
    above: Colour
    below: Colour

    @property
    def id(self) -> str:
        """Its `back_id`."""
        return steady_id("backdrop", self.name)


@dataclass(frozen=True, slots=True)
class Voice:
    """A public voice; `engine` is what the speech engine calls it."""

    name: str
    gender: Gender
    language: SpokenLanguage

    @property
    def id(self) -> str:
        """Its `tts_id`."""
        return steady_id("voice", f"{self.language.locale}/{self.name}")

    @property
    def engine(self) -> str:
        """The engine's voice with a variant for the gender."""
        return self.language.spoken_by(self.gender)


@dataclass(frozen=True, slots=True)
class SpokenLanguage:
    """A language in one region, its two voices' names, and how well the engine reads its script."""

    country: str
    region: str
    label: str
    region_label: str
    engine: str
    female: str
    male: str
    quality: Quality = "good"

    @property
    def locale(self) -> str:
        """Such as en-US."""
        return f"{self.country}-{self.region}"

    def spoken_by(self, gender: Gender) -> str:
        """The engine's voice with a variant for the gender."""
        return f"{self.engine}+{'f3' if gender == 'female' else 'm3'}"

    @property
    def voices(self) -> tuple[Voice, Voice]:
        """One female and one male voice."""
        return Voice(self.female, "female", self), Voice(self.male, "male", self)


AVATARS = (
    SystemAvatar("Ada", "female", 1),
    SystemAvatar("Bruno", "male", 2),
    SystemAvatar("Chiara", "female", 3),
    SystemAvatar("Dayo", "male", 4),
    SystemAvatar("Emi", "female", 5),
    SystemAvatar("Farid", "male", 6),
    SystemAvatar("Greta", "female", 7),
    SystemAvatar("Hugo", "male", 8),
    SystemAvatar("Imani", "female", 9),
    SystemAvatar("Jonas", "male", 10),
)

BACKDROPS = (
    Backdrop("Morning sky", (135, 190, 235), (240, 236, 220)),
    Backdrop("Evening", (38, 36, 84), (232, 132, 88)),
    Backdrop("Studio grey", (206, 208, 212), (120, 124, 130)),
    Backdrop("Meadow", (186, 222, 236), (92, 150, 84)),
    Backdrop("Plain white", (255, 255, 255), (255, 255, 255)),
    Backdrop("Green screen", (0, 177, 64), (0, 177, 64)),
)

LANGUAGES = (
    SpokenLanguage("en", "US", "English", "United States", "en-us", "Aria", "Wyatt"),
    SpokenLanguage("en", "GB", "English", "United Kingdom", "en", "Poppy", "Alfie"),
    SpokenLanguage("es", "ES", "Spanish", "Spain", "es", "Lucía", "Álvaro"),
    SpokenLanguage("es", "MX", "Spanish", "Mexico", "es-419", "Ximena", "Emiliano"),
    SpokenLanguage("es", "US", "Spanish", "United States", "es-419", "Marisol", "Rafael"),
    SpokenLanguage("fr", "FR", "French", "France", "fr", "Élodie", "Bastien"),
    SpokenLanguage("fr", "BE", "French", "Belgium", "fr-be", "Amandine", "Thibault"),
    SpokenLanguage("fr", "CH", "French", "Switzerland", "fr-ch", "Océane", "Gaspard"),
    SpokenLanguage("de", "DE", "German", "Germany", "de", "Liesel", "Konrad"),
    SpokenLanguage("it", "IT", "Italian", "Italy", "it", "Ginevra", "Lorenzo"),
    SpokenLanguage("pt", "BR", "Portuguese", "Brazil", "pt-br", "Luana", "Thiago"),
    SpokenLanguage("pt", "PT", "Portuguese", "Portugal", "pt", "Inês", "Duarte"),
    SpokenLanguage("nl", "NL", "Dutch", "Netherlands", "nl", "Fenna", "Joost"),
    SpokenLanguage("pl", "PL", "Polish", "Poland", "pl", "Zofia", "Bartosz"),
    SpokenLanguage("cs", "CZ", "Czech", "Czechia", "cs", "Eliška", "Vojtěch"),
    SpokenLanguage("sk", "SK", "Slovak", "Slovakia", "sk", "Katarína", "Marek"),
    SpokenLanguage("hu", "HU", "Hungarian", "Hungary", "hu", "Boglárka", "Levente"),
    SpokenLanguage("ro", "RO", "Romanian", "Romania", "ro", "Ioana", "Radu"),
    SpokenLanguage("bg", "BG", "Bulgarian", "Bulgaria", "bg", "Desislava", "Kaloyan"),
    SpokenLanguage("el", "GR", "Greek", "Greece", "el", "Eleni", "Stavros"),
    SpokenLanguage("hr", "HR", "Croatian", "Croatia", "hr", "Dunja", "Zvonimir"),
    SpokenLanguage("sr", "RS", "Serbian", "Serbia", "sr", "Milica", "Nemanja"),
    SpokenLanguage("sl", "SI", "Slovenian", "Slovenia", "sl", "Neža", "Matjaž"),
    SpokenLanguage("uk", "UA", "Ukrainian", "Ukraine", "uk", "Oksana", "Taras"),
    SpokenLanguage("ru", "RU", "Russian", "Russia", "ru", "Svetlana", "Mikhail"),
    SpokenLanguage("da", "DK", "Danish", "Denmark", "da", "Freja", "Mads"),
    SpokenLanguage("sv", "SE", "Swedish", "Sweden", "sv", "Astrid", "Gustav"),
    SpokenLanguage("nb", "NO", "Norwegian", "Norway", "nb", "Ingrid", "Håkon"),
    SpokenLanguage("fi", "FI", "Finnish", "Finland", "fi", "Aino", "Eero"),
    SpokenLanguage("et", "EE", "Estonian", "Estonia", "et", "Kadri", "Rasmus"),
    SpokenLanguage("lv", "LV", "Latvian", "Latvia", "lv", "Zane", "Andris"),
    SpokenLanguage("lt", "LT", "Lithuanian", "Lithuania", "lt", "Rūta", "Mindaugas"),
    SpokenLanguage("is", "IS", "Icelandic", "Iceland", "is", "Sigrún", "Ólafur"),
    SpokenLanguage("ga", "IE", "Irish", "Ireland", "ga", "Niamh", "Cillian"),
    SpokenLanguage("cy", "GB", "Welsh", "United Kingdom", "cy", "Carys", "Rhys"),
    SpokenLanguage("ca", "ES", "Catalan", "Spain", "ca", "Mireia", "Oriol"),
    SpokenLanguage("tr", "TR", "Turkish", "Türkiye", "tr", "Elif", "Emre"),
    SpokenLanguage("ar", "SA", "Arabic", "Saudi Arabia", "ar", "Noura", "Khalid"),
    SpokenLanguage("fa", "IR", "Persian", "Iran", "fa", "Shirin", "Dariush"),
    SpokenLanguage("ur", "PK", "Urdu", "Pakistan", "ur", "Zara", "Bilal"),
    SpokenLanguage("hi", "IN", "Hindi", "India", "hi", "Ananya", "Arjun"),
    SpokenLanguage("bn", "BD", "Bengali", "Bangladesh", "bn", "Nusrat", "Tanvir"),
    SpokenLanguage("ta", "IN", "Tamil", "India", "ta", "Kavitha", "Karthik"),
    SpokenLanguage("vi", "VN", "Vietnamese", "Vietnam", "vi", "Linh", "Minh"),
    SpokenLanguage("id", "ID", "Indonesian", "Indonesia", "id", "Dewi", "Budi"),
    SpokenLanguage("ms", "MY", "Malay", "Malaysia", "ms", "Aisyah", "Hafiz"),
    SpokenLanguage("sw", "KE", "Swahili", "Kenya", "sw", "Wanjiru", "Otieno"),
    SpokenLanguage("zh", "CN", "Chinese", "Mainland China", "cmn", "Xiaoyu", "Haoran"),
    SpokenLanguage("zh", "HK", "Chinese", "Hong Kong", "yue", "Ka-yan", "Chi-ho"),
    SpokenLanguage("ko", "KR", "Korean", "South Korea", "ko", "Seo-yeon", "Ji-ho"),
    SpokenLanguage("ja", "JP", "Japanese", "Japan", "ja", "Sakura", "Haruto", "phonetic-only"),
    SpokenLanguage("he", "IL", "Hebrew", "Israel", "he", "Noa", "Eitan", "phonetic-only"),
    SpokenLanguage("th", "TH", "Thai", "Thailand", "th", "Malee", "Somchai", "phonetic-only"),
)

_OTHER_CODES = {"no": "nb", "nn": "nb", "cmn": "zh", "iw": "he", "in": "id"}


def language_for(code: str) -> SpokenLanguage | None:
    """The language of a short code such as `es` or a locale such as `es-MX`, in that region when it is there."""
    country, _dash, region = code.strip().replace("_", "-").lower().partition("-")
    country = _OTHER_CODES.get(country, country)
    found = [language for language in LANGUAGES if language.country == country]
    return next((language for language in found if language.region == region.upper()), found[0] if found else None)


VOICES_BY_ID = {voice.id: voice for language in LANGUAGES for voice in language.voices}
