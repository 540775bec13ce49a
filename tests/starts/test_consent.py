"""A sentence that says there is no consent is none; whatever is in doubt is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from a2e_mcp.starts.consent import denies_consent
from tests.support.faulty_transport import open_controlled_server
from tests.support.media import png

NO_CONSENT = [
    "The user did not say whether the colleague agreed.",
    "She didn't agree to this.",
    "He has not given his permission yet.",
    "It is not known whether Zoe agreed.",
    "Nobody asked him about it.",
    "The person refused when asked.",
    "No consent was given by anyone.",
    "Used without her knowledge or consent.",
    "Consent is unknown at this time.",
    "I don't know if they agreed.",
    "She was not asked before this.",
    "He said no, but the user wants it anyway.",
    "Sie hat nicht zugestimmt.",
    "Es ist nicht bekannt, ob er einverstanden ist.",
    "Er wurde nicht gefragt, so viel ist sicher.",
    "Ohne ihre Einwilligung aufgenommen.",
    "Die Person hat abgelehnt.",
    "Elle n'a pas donné son accord.",
    "On ne sait pas s'il a accepté.",
    "Elle a refusé hier par courriel.",
    "Sans son consentement, c'est une surprise.",
    "Ella no dio su permiso para esto.",
    "No se sabe si aceptó.",
    "Él se negó a participar.",
    "Sin su consentimiento, es una sorpresa.",
    "Non ha acconsentito a questo.",
    "Non si sa se ha accettato.",
    "Ele não concordou com isso.",
    "Não se sabe se ela aceitou.",
    "Consent has not been obtained.",
    "Permission was denied by email.",
    "The person has withdrawn consent.",
    "Consent pending.",
    "Awaiting his reply, so nothing yet.",
    "She does not want this.",
    "He doesn't want to be in the video.",
    "She is not aware of it.",
    "The user wants it without telling her.",
    "The model has not signed anything.",
    "Not yet agreed, waiting for her answer.",
    "I lack her permission.",
    "Unknown person from the internet.",
    "none given",
    "n/a n/a n/a",
    "Sie weiß nichts davon.",
    "Einwilligung liegt nicht vor.",
    "Er möchte das nicht.",
    "Sie hat ihre Einwilligung widerrufen.",
    "Elle n'est pas au courant.",
    "Elle ne veut pas être filmée.",
    "Consentement retiré hier.",
    "No le he preguntado.",
    "Ella no quiere participar.",
    "Non vuole apparire.",
    "Ha ritirato il consenso.",
    "Ela não quer aparecer.",
    "Não temos permissão dela.",
    "I forgot to ask her.",
    "Not checked.",
    "To be confirmed.",
    "She turned it down.",
    "The user didn't tell me.",
    "consent: none",
    "Kein Einverständnis",
    "Pas de consentement",
    "Aucun consentement donné",
    "Elle n'a pas donné son consentement.",
    "Aucune idée",
    "No hay ningún permiso",
    "Ni idea de si aceptó",
    "Nessun consenso",
    "Non ho il consenso",
    "Nenhum consentimento",
]
CONSENT = [
    "She did not mind at all.",
    "He did not object when the user asked him.",
    "She agreed by e-mail on 3 May 2026.",
    "He did not agree at first, but agreed on Tuesday by phone.",
    "She did not hesitate to agree, in person.",
    "There is no doubt she consented: she signed the form.",
    "It is a drawing; no consent is needed.",
    "The user says it is a drawing, and that the artist agreed.",
    "She did not say no when asked in writing.",
    "He not only agreed, he asked for it himself.",
    "My own face, I am the person in the photo.",
    "She was not asked twice, she said yes at once.",
    "No problem at all, he told me on the phone.",
    "He never refused anything like this and signed the paper.",
    "Unknown Pleasures GmbH holds the signed release.",
    "Sie hat nichts dagegen, sagte sie am Telefon.",
    "Er hat ohne Zögern zugestimmt, per E-Mail.",
    "Sie war nicht nur einverstanden, sie hat es vorgeschlagen.",
    "Er hat keine Einwände, so sagte er gestern.",
    "Sie hat nicht abgelehnt und schriftlich zugestimmt.",
    "Elle est d'accord, elle me l'a dit hier.",
    "Elle n'a pas hésité et a accepté par écrit.",
    "Il n'y voit pas d'inconvénient, dit-il.",
    "Sans hésiter, il a dit oui au téléphone.",
    "Ella aceptó por correo el lunes.",
    "No le importa en absoluto, lo dijo por teléfono.",
    "Él no dudó en aceptar, por escrito.",
    "Sin problema, dio su permiso ayer.",
    "Ha acconsentito per iscritto ieri.",
    "Non ha esitato ad accettare, di persona.",
    "Ela concordou por escrito ontem.",
    "Ela não se importa, disse por telefone.",
    "She said no changes are needed and agreed.",
    "He never said no.",
    "She did not withdraw her consent.",
    "Consent was given and has never been withdrawn.",
    "My daughter; I am her parent and I agree. She was not asked, she is two.",
    "She does not want to be paid; she said yes.",
    "He agreed although he was not aware of the date.",
    "Permission was not limited to one video.",
    "No one but me is in the video.",
    "The speaker is synthetic; nobody needs to agree.",
    "Not applicable, since it shows a statue.",
    "Er will nicht genannt werden, ist aber einverstanden.",
    "Sie hat nicht widerrufen.",
    "Elle ne veut pas d'argent, elle est d'accord.",
    "No quiere dinero, pero aceptó.",
    "Non vuole soldi ma è d'accordo.",
    "Não quer dinheiro, mas aceitou.",
    "I forgot to ask on Monday, but she agreed on Tuesday.",
    "It is me, no consent of others needed.",
    "Je n'ai pas besoin d'autorisation: c'est moi.",
    "Aucun consentement nécessaire: c'est moi.",
    "Kein Einverständnis nötig, das bin ich.",
    "Ningún problema: dio su permiso.",
    "Nessun consenso necessario: sono io.",
    "Nenhum problema, ela autorizou.",
]


@pytest.mark.parametrize("sentence", NO_CONSENT)
def test_a_plain_denial_or_a_plain_unknown_is_no_consent(sentence: str) -> None:
    assert denies_consent(sentence)


@pytest.mark.parametrize("sentence", CONSENT)
def test_consent_in_whatever_words_is_kept(sentence: str) -> None:
    assert not denies_consent(sentence)


async def test_a_start_whose_consent_says_that_nothing_was_agreed_is_refused_uncharged(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        png(server.inbox, "zoe.png")
        said = await server.refuse(
            "start_talking_photo",
            image="zoe.png",
            script="Hello there.",
            voice="Aria (en-US)",
            consent="The user did not say whether the colleague agreed.",
        )
        assert "consent" in said
        assert "Nothing was charged." in said
        assert server.charging_requests == {}
