"""What letters and common words tell of a text's language, and where they say nothing."""

from __future__ import annotations

import pytest

from a2e_mcp.lookup.language_detection import judge, language_part, same_language

TEXTS = {
    "en": "Welcome to our shop. We are open every day, and this week everything costs less than you think.",
    "es": "Bienvenidos a nuestra tienda. Estamos abiertos todos los días y esta semana todo cuesta menos que nunca.",
    "fr": "Bienvenue dans notre magasin. Nous sommes ouverts tous les jours et cette semaine tout est moins cher.",
    "de": "Willkommen in unserem Geschäft. Wir haben jeden Tag geöffnet, und diese Woche ist alles billiger als sonst.",
    "it": "Benvenuti nel nostro negozio. Siamo aperti tutti i giorni e questa settimana tutto costa meno del solito.",
    "pt": "Bem-vindos à nossa loja. Estamos abertos todos os dias e esta semana tudo custa menos do que você pensa.",
    "nl": "Welkom in onze winkel. We zijn elke dag open en deze week is alles goedkoper dan je denkt.",
    "pl": "Witamy w naszym sklepie. Jesteśmy otwarci codziennie, a w tym tygodniu wszystko jest tańsze niż zwykle.",
    "sv": "Välkommen till vår butik. Vi har öppet varje dag och den här veckan är allt billigare än du tror.",
    "da": "Velkommen til vores butik. Vi har åbent hver dag, og i denne uge er alting billigere, end du tror.",
    "nb": "Velkommen til butikken vår. Vi har åpent hver dag, og denne uken er alt billigere enn du tror.",
    "fi": "Tervetuloa kauppaamme. Olemme avoinna joka päivä, ja tällä viikolla kaikki maksaa vähemmän kuin luulet.",
    "tr": "Mağazamıza hoş geldiniz. Her gün açığız ve bu hafta her şey düşündüğünüzden daha ucuz.",
    "ro": "Bine ați venit în magazinul nostru. Suntem deschiși în fiecare zi și săptămâna asta totul este mai ieftin.",
    "cs": "Vítejte v našem obchodě. Máme otevřeno každý den a tento týden je všechno levnější, než si myslíte.",
    "hu": "Üdvözöljük üzletünkben. Minden nap nyitva vagyunk, és ezen a héten minden olcsóbb, mint gondolná.",
    "ca": "Benvinguts a la nostra botiga. Obrim cada dia i aquesta setmana tot costa menys del que us penseu.",
    "id": "Selamat datang di toko kami. Kami buka setiap hari dan minggu ini semuanya lebih murah dari yang Anda kira.",
    "vi": "Chào mừng đến cửa hàng của chúng tôi. Chúng tôi mở cửa mỗi ngày và tuần này mọi thứ rẻ hơn bạn nghĩ.",
    "sw": "Karibu kwenye duka letu. Tunafungua kila siku na wiki hii kila kitu ni nafuu kuliko unavyofikiri.",
    "ru": "Добро пожаловать в наш магазин. Мы открыты каждый день, и на этой неделе всё дешевле, чем вы думаете.",
    "uk": "Ласкаво просимо до нашої крамниці. Ми відчинені щодня, і цього тижня все дешевше, ніж ви думаєте.",
    "el": "Καλώς ήρθατε στο κατάστημά μας. Είμαστε ανοιχτά κάθε μέρα και όλα κοστίζουν λιγότερο.",
    "he": "ברוכים הבאים לחנות שלנו. אנחנו פתוחים כל יום, והשבוע הכול זול יותר.",
    "ar": "أهلا بكم في متجرنا. نحن نفتح كل يوم وهذا الأسبوع كل شيء أرخص مما تظنون.",
    "hi": "हमारी दुकान में आपका स्वागत है। हम हर दिन खुले हैं और इस हफ़्ते सब कुछ सस्ता है।",
    "th": "ยินดีต้อนรับสู่ร้านของเรา เราเปิดทุกวัน และสัปดาห์นี้ทุกอย่างถูกกว่าที่คิด",
    "ko": "저희 가게에 오신 것을 환영합니다. 매일 문을 열고 이번 주에는 모든 것이 더 쌉니다.",
    "ja": "私たちの店へようこそ。毎日開いています。今週はすべてがいつもより安いです。",
    "zh": "欢迎光临我们的商店。我们每天都营业，这个星期所有东西都比平时便宜。",
}
TOLD_BY_WORDS = ("en", "es", "fr", "de", "it", "pt", "nl", "pl", "sv", "tr", "ro", "id")
OWN_LETTERS = ("el", "th", "ko", "ja", "zh")
ALONE = (*TOLD_BY_WORDS, *OWN_LETTERS)


@pytest.mark.parametrize("language", TEXTS)
def test_a_text_never_looks_foreign_to_its_own_language(language: str) -> None:
    for text in (TEXTS[language], TEXTS[language][: len(TEXTS[language]) // 2], TEXTS[language].upper()):
        assert judge(text, language).fits is not False, text


@pytest.mark.parametrize("language", ALONE)
def test_a_text_is_never_taken_for_another_language_and_needs_no_question_about_its_own(language: str) -> None:
    assert judge(TEXTS[language], language).fits is True
    for voice in (each for each in ALONE if not same_language(each, language)):
        found = judge(TEXTS[language], voice)
        assert found.fits is not True or voice in OWN_LETTERS, voice
        assert found.language in (language, None), voice


def test_two_widely_spoken_languages_need_a_question_only_now_and_then() -> None:
    told = [judge(TEXTS[text], voice).fits for text in ALONE for voice in ALONE if text != voice]
    assert told.count(False) > 0.9 * len(told)


SPOKEN = {
    "Guten Morgen zusammen, wir freuen uns sehr, dass ihr heute alle gekommen seid und wünschen viel Spaß.": "de",
    "Hallo Leute, heute zeige ich euch, wie man in fünf Minuten einen leckeren Kuchen backt.": "de",
    "Salut à tous, aujourd'hui je vous montre comment préparer un bon gâteau en cinq minutes.": "fr",
    "Ciao a tutti, oggi vi mostro come preparare una torta buonissima per tutti in cinque minuti.": "it",
    "Olá pessoal, hoje vou mostrar como preparar um bolo delicioso em cinco minutos.": "pt",
    "Hallo allemaal, vandaag laat ik jullie zien hoe je in vijf minuten een lekkere taart bakt.": "nl",
    "Cześć wszystkim, dzisiaj pokażę wam, jak w pięć minut przygotować pyszne ciasto.": "pl",
    "Herkese merhaba, bugün size beş dakikada nasıl lezzetli bir kek yapılacağını göstereceğim.": "tr",
    "Bună tuturor, astăzi vă arăt cum să pregătiți o prăjitură delicioasă în cinci minute.": "ro",
    "Halo semuanya, hari ini saya akan menunjukkan cara membuat kue yang enak dalam lima menit.": "id",
}


@pytest.mark.parametrize("text", SPOKEN)
def test_what_people_say_to_each_other_is_known_without_a_question(text: str) -> None:
    assert judge(text, SPOKEN[text]).fits is True
    found = judge(text, "en")
    assert (found.fits, found.language) == (False, SPOKEN[text])


@pytest.mark.parametrize(
    "text",
    [
        "Meet Maria de la Cruz, who runs the El Sol bakery in Santa Fe.",
        "Die Hard is my favourite film. Was it good? Yes, all in all, a great story.",
        "Do come to me at ten, or send an order; all orders are sent on the same day.",
        "Om, om, om. En garde! A la carte, per se, et cetera, and so on and so forth.",
        "Introducing AeroPod Max. Lighter, louder, longer lasting. Pre-order now.",
    ],
)
def test_english_with_words_of_other_languages_is_not_doubted(text: str) -> None:
    assert judge(text, "en").fits is not False


def test_letters_alone_tell_a_writing_system_where_several_languages_share_it() -> None:
    found = judge(TEXTS["ru"], "en")
    assert (found.fits, found.language, found.letters) == (False, None, "Cyrillic")
    for text, voice in (("ru", "uk"), ("uk", "bg"), ("ar", "fa"), ("hi", "mr"), ("da", "en"), ("vi", "fr")):
        assert judge(TEXTS[text], voice).fits is None, (text, voice)


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("", "en"),
        ("12:30, 50 %!", "en"),
        ("Hola a todos", "en"),
        ("OK", "ja"),
        ("Ω", "en"),
        ("日本", "en"),
        ("東京都千代田区", "ja"),
        ("Aap kaise hain, hamari dukaan mein aapka swagat hai", "hi"),
        ("[sandbox:fail] https://example.com/los/de/la/casa/que/es", "en"),
        ("Say καλημέρα to everybody in the room, please, and smile.", "en"),
    ],
)
def test_what_is_short_mixed_or_beside_the_matter_is_no_reason_to_doubt(text: str, voice: str) -> None:
    assert judge(text, voice).fits is True


def test_a_few_foreign_letters_are_enough_to_tell() -> None:
    assert judge("Привет!", "en").letters == "Cyrillic"
    assert judge("ありがとう", "zh").language == "ja"
    assert judge("我们每天都营业，这个星期所有东西都比平时便宜。", "ja").language == "zh"
    assert judge(f"{TEXTS['zh']}の", "zh").fits is True


@pytest.mark.parametrize(
    ("code", "language"),
    [("es-MX", "es"), ("ES_mx", "es"), ("no", "nb"), ("iw-IL", "he"), ("fil", "fil"), ("", None), ("Spanish", None)],
)
def test_codes_have_one_spelling(code: str, language: str | None) -> None:
    assert language_part(code) == language


def test_near_relatives_count_as_one_language() -> None:
    assert same_language("da", "nb")
    assert same_language("id", "ms")
    assert not same_language("es", "pt")
