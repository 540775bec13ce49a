"""What is written short is spoken as a person says it: each sentence sounds like the same in words."""

import re
from pathlib import Path

import numpy as np
import pytest

from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.renderer.audio.sound import read_sound
from a2e_mcp.sandbox.renderer.audio.spoken_form import read
from a2e_mcp.sandbox.renderer.audio.spoken_text import utter
from tests.support.render_worker import RenderProcess, read_json

SENTENCES = [
    ("en-us", "Sold on 12/24/2026.", "Sold on December twenty fourth, twenty twenty six."),
    ("en", "Sold on 24/12/2026.", "Sold on December twenty fourth, twenty twenty six."),
    ("en-us", "It ends 2026-11-03.", "It ends November third, twenty twenty six."),
    ("en-us", "It costs $1,299.50 now.", "It costs one thousand two hundred ninety nine dollars and fifty cents now."),
    ("en-us", "It costs £1 or €20.", "It costs one pound or twenty euros."),
    ("en-us", "We raised $5 million.", "We raised five million dollars."),
    ("en-us", "Come at 3:45 pm, not 3:00.", "Come at three forty five p m, not three o'clock."),
    ("en-us", "Come at 9:05 a.m. today.", "Come at nine oh five a m today."),
    ("en-us", "Call 415-555-0100.", "Call four one five, five five five, zero one zero zero."),
    ("en-us", "It is 20°C at 5 km/h.", "It is twenty degrees Celsius at five kilometers per hour."),
    ("en-us", "Write to me@site.com now.", "Write to me at site dot com now."),
    ("en-us", "See https://a2e.ai/docs.", "See a2e dot ai slash docs."),
    ("en-us", "Born in 1984, salt & pepper.", "Born in nineteen eighty four, salt and pepper."),
    ("en-us", "Add 1/2 cup to item #1.", "Add one half cup to item number one."),
    ("en-us", "Hello 😀 world 👍🏽!", "Hello world!"),
    ("de", "Am 24.12.2026 kostet es 1.299,50 €.", "Am 24. Dezember 2026 kostet es 1299 Euro 50."),
    ("de", "Um 15:30 Uhr bei 20 °C.", "Um 15 Uhr 30 bei 20 Grad Celsius."),
    (
        "fr",
        "Le 14/07/2026, 1 299,50 € à 15h30.",
        "Le quatorze juillet 2026, 1299 euros cinquante à quinze heures trente.",
    ),
    ("es", "El 5/6/2026 cuesta 1.299,50 €.", "El cinco de junio de 2026 cuesta 1299 euros cincuenta."),
    ("it", "Il 5/6/2026 costa 10,50 €.", "Il cinque giugno 2026 costa dieci euro cinquanta."),
    ("pt", "No dia 5/6/2026 custa 10,50 €.", "No dia 5 de junho de 2026 custa 10 euros e 50 cêntimos."),
    ("ja", "今日は良い天気ですね。", "きょーわ よい てんきですね。"),
    ("ja", "2026年4月24日に1,200円です。", "にせんにじゅうろくねん しがつ にじゅうよっか に せんにひゃくえん です。"),
    ("ja", "私は学校へ行きました。", "わたしわ がっこーえ いきました。"),
]

# As they sound, without stress and length: what is written short in a dozen languages, and words of other scripts.
PHONEMES = [
    ("en-us", "It grew 25% to 3.5 GB.", "ɪtɡɹutwɛntifaɪvpɚsɛnttθɹipɔɪntfaɪvɡɪɡbaɪts"),
    ("en-us", "Call 555-0100 from 9am-5pm.", "kɔlfaɪvfaɪvfaɪvziɹoʊwʌnziɹoʊziɹoʊfɹʌmnaɪneɪɛmtfaɪvpiɛm"),
    ("en-us", "A $5M deal on Dec 24, 2026.", "ɐfaɪvmɪlindɑlɚzdilɔndsɛmbɚtwɛntifɔɹθtwɛntitwɛntisɪks"),
    ("de", "Am 3.10. kostet es 0,99 €.", "amdɾɪtnɔktobɜkɔsttɛsnʊlkɔmɑnɔønnɔønɔøro"),
    ("de", "Im Jahr 1984, am 1. Mai.", "ɪmjɑɾnɔøntsenhʊndɜtfiɾʊntaxtsɪçameɾstnmaɪ"),
    ("fr", "Le 1/5/2026 à 8h, 20 %.", "lpʁmjemɛdømilvɛtsizayitœʁvɛpuʁsɑ"),
    ("es", "A la 1:00, el 1/5/2026.", "alaunaelpɾimeɾoðemaʝoðeðosmilβeɪntiseɪs"),
    ("it", "Sono 3,5 km, 20 °C.", "sonotrevirɡolatʃinkwekilometrɪventɪɡradɪtselsjus"),
    ("pt-br", "Custa R$ 10,50, 20%.", "kustædɛsxeaɪzisiŋkweɪŋtæseɪŋtavʊsviŋtʃyporseɪŋtʊ"),
    ("nl", "Op 24-12-2026 om 15:30 uur.", "ɔpvirɛntʋɪntxdesɛmbrtʋedœyzɛntzɛsɛntʋɪntxɔmvɛɪftinyrdɛrtx"),
    (
        "pl",
        "Dnia 24.12.2026, 20°C.",
        "dɲʲadvudʑɛstɛɡɔtʃfartɛɡɔɡrudɲʲadvatɨɕɔntsɛdvadʑɛɕtɕaʃɛɕtɕdvadʑɛɕtɕastɔpɲitsɛlsjuʃa",
    ),
    ("sv", "Den 24/12/2026, 20 kr.", "dɛnɕʉɡɔfjɛrddsɛmbrtvotʉsɛnɕʉɡɔsɛksɕʉɡɔkrunɔr"),
    ("tr", "%20 indirim, 5 km.", "jøzdɛjirmiɪndiɾɪmbɛʃkiɫomɛtrɛ"),
    (
        "ru",
        "24.12.2026, 1 299 ₽.",
        "dvɑttsʌtʲtʃʲitvʲɵrtʌvʌdʲikabrʲɑdvʲetysʲitʃʲidvɑttsatʲʃɛsʲtʲʌdnɑtysʲitʃʲʌdvʲesʲtʲɪdʲivʲɪnostɔdʲevɪtʲrubɭʲej",
    ),
    ("el", "Κοστίζει 20 €, 25%.", "kostiziikosievroikosipentetisekato"),
    ("cmn", "涨了25%，下午3:45。", "tsɑŋlpaifntsirsiwuɕiɑwusantiɛnsisiwufn"),
    ("ko", "1,200원, 25% 할인.", "tʃhʌnipɛqwʌnisipophʌsenthɯhɐɾin"),
    ("hi", "₹1,299 है, 25% छूट.", "ekhʌɟaɾdosɔnɪɲjanbeɾʊpjehɛpʌcispɾʌtɪʃtcʰuʈ"),
    ("ja", "一人で三百円、10分。", "çitoɽidesäũbʲäkɯᵝeɴdʑɯᵝppɯᵝɴ"),
    ("ja", "令和8年、電話は03-1234-5678。", "ɽewähätɕineɴdeũwäwäzeɽosäɴitɕinisäɴjoɴɡoɽokɯᵝnänähätɕi"),
    ("en-us", "We say Привет and 日本 here.", "wiseɪprʲivʲetændʐipnhɪɹ"),
    ("ru", "Это OpenAI, да.", "ɛtʌoʊpneɪaɪdɑ"),
]


def sound_of(text: str, voice: str) -> str:
    """The phonemes of a text, without stress, length and pauses, which depend on how words are written together."""
    _, spoken = utter(text, voice, speed=1.0)
    return re.sub(r"[^\w]|[ˈˌːᵻə]", "", "".join(phoneme for _, phoneme in spoken.phonemes))


@pytest.mark.parametrize(("voice", "written", "said"), SENTENCES)
def test_what_is_written_short_sounds_as_in_words(voice: str, written: str, said: str) -> None:
    assert sound_of(written, voice) == sound_of(said, voice)


@pytest.mark.parametrize(("voice", "written", "phonemes"), PHONEMES)
def test_it_sounds_so(voice: str, written: str, phonemes: str) -> None:
    assert sound_of(written, voice) == phonemes


@pytest.mark.parametrize(
    ("voice", "one", "other"),
    [
        # No date, no amount and no range: what only looks like one is read as it stands.
        ("en-us", "Version 2.0.1 is out.", "Version two point zero point one is out."),
        (
            "en-us",
            "Scan 192.168.0.1 now.",
            "Scan one hundred ninety two dot one hundred sixty eight dot zero dot one now.",
        ),
        ("en-us", "A ratio of 3:2.", "A ratio of three colon two."),
        ("en-us", "It took 1,234 days.", "It took 1234 days."),
        ("de", "Es sind 1.234 Tage und 1,5 Liter.", "Es sind 1234 Tage und eins Komma fünf Liter."),
        ("en-us", "Tom &amp; Ann **now**.", "Tom and Ann now."),
        ("en-us", "Press 1\ufe0f\u20e3 now.", "Press one now."),
        ("ja", "八百屋で五百円。", "やおやで ごひゃくえん。"),
        ("ja", "ビール3本、6個、4時間。", "ビール さんぼん、 ろっこ、 よじかん。"),
    ],
)
def test_what_only_looks_like_it_is_read_as_it_stands(voice: str, one: str, other: str) -> None:
    assert sound_of(one, voice) == sound_of(other, voice)


def test_the_digit_of_a_keycap_is_spoken_and_not_named_as_left_out(worker: RenderProcess, tmp_path: Path) -> None:
    outcome = worker.render(speech(tmp_path, "Press 1\ufe0f\u20e3 or 🇫🇷 now"))

    assert "Not spoken: 🇫🇷." in outcome.note


def test_words_of_another_script_keep_their_place_in_the_captions(worker: RenderProcess, tmp_path: Path) -> None:
    order = speech(tmp_path, "We say Привет and مرحبا here.")

    worker.render(order)

    assert [word["text"] for word in read_json(order.track)["words"]] == [
        "We",
        "say",
        "Привет",
        "and",
        "مرحبا",
        "here.",
    ]


def speech(folder: Path, text: str, voice: str = "en-us") -> SpeechOrder:
    return SpeechOrder(text=text, voice=voice, output=str(folder / "o.mp3"), track=str(folder / "o.json"))


def test_captions_show_what_is_written_and_not_what_is_said(worker: RenderProcess, tmp_path: Path) -> None:
    order = speech(tmp_path, "Sold on 12/24/2026 for $1,299.50 today.")

    worker.render(order)

    shown = [word["text"] for word in read_json(order.track)["words"]]
    assert shown == ["Sold", "on", "12/24/2026", "for", "$1,299.50", "today."]


def test_a_break_is_heard_and_other_tags_are_named(worker: RenderProcess, tmp_path: Path) -> None:
    order = speech(tmp_path, 'One. <break time="1500ms"/> <emphasis level="strong">Two</emphasis> <break/>three.')

    outcome = worker.render(order)

    assert "Tags that are not honoured: emphasis." in outcome.note
    words = read_json(order.track)["words"]
    assert [word["text"] for word in words] == ["One.", "Two", "three."]
    sound = read_sound(order.output)
    assert sound is not None
    gap = sound.mono()[round((words[1]["start"] - 1.4) * sound.rate) : round((words[1]["start"] - 0.1) * sound.rate)]
    assert float(np.abs(gap).max()) < 0.01


def test_emoji_that_are_not_spoken_are_named(worker: RenderProcess, tmp_path: Path) -> None:
    outcome = worker.render(speech(tmp_path, "Hello 😀 world 👍🏽!"))

    assert "Not spoken: 😀 👍🏽." in outcome.note


def test_a_text_with_less_than_and_more_than_is_no_markup(worker: RenderProcess, tmp_path: Path) -> None:
    order = speech(tmp_path, "If a < b and c > d, stop.")

    worker.render(order)

    assert " ".join(word["text"] for word in read_json(order.track)["words"]).endswith("d, stop.")


@pytest.mark.parametrize(
    "text",
    ["9" * 5000, "$" + "9" * 400, "9" * 30 + "%", "9" * 30 + " km", "1.1." * 900, "a@" * 1500, "円" + "9" * 40 + "円"],
)
@pytest.mark.parametrize("voice", ["en-us", "de", "tr", "cmn", "ja"])
def test_what_no_one_says_as_a_number_is_read_as_it_stands(text: str, voice: str) -> None:
    reading = read(f"So {text} it is \ud83d.", voice)

    assert reading.shown == f"So {text} it is \ud83d."
    digits = [sum(sign.isdigit() for sign in said) for said in (text, "".join(part.spoken for part in reading.pieces))]
    assert voice == "ja" or digits[0] == digits[1]
