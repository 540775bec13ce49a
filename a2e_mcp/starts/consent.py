"""Whether a consent sentence says plainly that there is no consent, in six languages.

Only plain denials and plain "not known" are recognised: a sentence in doubt is kept, since the ledger holds it for
people to read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from a2e_mcp.catalogue.declaration.tool import Inputs, InputsT, StartTool
from a2e_mcp.errors import InputError
from a2e_mcp.ledger.job_ids import is_meant_as_job_id, job_ids_in
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.starts.likeness import names_person, shows_no_one
from a2e_mcp.starts.plan import StartOptions
from a2e_mcp.starts.resolve import named_values

_CLAUSE = re.compile(r"[.;:,!?()\n]|\b(?:but|however|although|aber|jedoch|mais|pero|sino|ma|mas|porem)\b")
_OPEN_QUESTION = re.compile(r"\s*(?:whether|if|who|ob|wer|si|se|quien|qui)\b")

# After a negation only words that do not turn it around again.
_NOT_TURNED = (
    r"(?: (?!(?:only|just|and|nur|et|y|e|und|solo)\b|(?:mind|need|object|hesitat|refus|declin|oppos|doubt|withdr|withh"
    r"|revok|retract|rescind|den[iy]|restrict|limit|zoger|abgelehnt|widersprochen|widerruf|zuruckg|seulement|hesit|dud|nego"
    r"|neg|opus|import|rifiut|esit|apenas|recus|retir|ritir|revoc|besoin|necess|bisogn|precis))\w+){0,3} "
)
_PAPER = r"(?:consent|permission|approval|agreement|authori[sz]ation|release)"
_IS = r"(?: (?:is|was|has|have|had|been|still|yet|being)){0,3}"
_NEEDED = r"(?! (?:is |was )?(?:\w+ ){0,2}(?:need|necess|requir))"
# What a person does not want to happen to them; that they want no money or no name is another matter.
_THIS = (
    r"(?: (?:this|it|that)\b| to (?:be (?:in|shown|seen|filmed|recorded|used|cloned|part|on)|appear|take part"
    r"|participate|do|agree|consent)\b| (?:his|her|their) (?:face|voice|picture|photo|image|likeness)"
    r"| (?:us|me|anyone|you) to\b|\s*$)"
)

_NO_CONSENT = "|".join(
    (
        # English
        rf"\b(?:not|never|nobody|no one|none){_NOT_TURNED}(?:agree\w*|consent\w*|permission|permit\w*|allow\w*"
        r"|approv\w*|authori[sz]\w*|willing)\b(?! (?:is |was )?(?:need|necess|requir))",
        r"\b(?:not|never|nobody|no one)(?: \w+){0,2} (?:asked|ask|informed)\b(?! (?:twice|again|for))",
        r"\bnot(?: \w+){0,2} (?:know|known|sure|clear|certain|mention\w*|specif\w*|confirm\w*|repl\w*|answer\w*"
        r"|respond\w*)\b",
        r"\bnot(?: \w+)? (?:say|said|tell|told|state|stated)(?: \w+){0,2} (?:whether|if|who|anything|so)\b"
        r"(?! against)",
        r"(?<!not )(?<!never )\b(?:refused|refuses|declined|declines|objected|objects|rejected|disagreed"
        r"|disagrees)\b",
        rf"\b(?:do|does|did) not (?:\w+ )?(?:want|wish){_THIS}",
        rf"\b{_PAPER}(?: form)?{_IS} (?:not|never)(?: (?:yet|been)){{0,2}}"
        r" (?:given|obtained|granted|received|available|there|signed|asked|sought|provided|documented|confirmed"
        r"|requested)\b",
        rf"(?<!not )(?<!never )\b{_PAPER}{_IS} (?:pending|missing"
        r"|lacking|denied|refused|withdrawn|revoked|declined|outstanding)\b",
        rf"(?<!not )(?<!never )\b(?:withdrew|withdrawn|revoked|revokes|withholds|withheld|denied|denies)(?: \w+){{0,2}}"
        rf" {_PAPER}\b",
        r"(?<!not )(?<!never )\b(?:forbade|forbids|forbidden|opposes|opposed)\b",
        r"\bunaware\b|\bnot (?:\w+ )?aware\b|\bknows? nothing\b|\bbehind (?:his|her|their) back\b"
        r"|\bmust not (?:know|find out|learn)\b|\bwithout (?:telling|informing|notifying)\b",
        rf"\black(?:s|ing)? (?:\w+ ){{0,2}}{_PAPER}\b",
        r"\b(?:awaiting|waiting for)(?: \w+){0,2} (?:consent|permission|approval|answer|reply|response|agreement"
        r"|authori[sz]ation|confirmation)\b",
        r"\b(?:not|never)(?: (?!only\b|just\b)\w+)? signed (?:anything|it|the|a|any|yet)\b|\bnot (?:yet )?signed\s*$",
        r"^\s*unknown (?:person|people|man|woman|face|stranger)\b",
        r"^\s*(?:whether|ob) (?!or not\b)(?:s?he|they|the|sie|er|die|der|jemand|someone|anyone)\b",
        r"(?<!never )(?<!not )\bsaid no(?=\s*$| (?:to|when|twice|and|because|firmly|again)\b)",
        r"\b(?:nobody|no one) knows\b",
        r"\bagainst (?:his|her|their|the)(?: \w+)? (?:will|wish)",
        r"\bwithout (?:\w+ ){0,2}(?:consent|permission|knowledge|agreement|approval|asking|knowing)\b",
        rf"\bno (?:consent|permission|agreement|approval|idea|information|answer|reply)\b{_NEEDED}",
        r"\b(?:is|was|am|are|remains|still|consent) (?:unknown|unclear|uncertain|unsure)\b"
        r"|^\s*(?:unknown|unclear|uncertain|unsure)(?:\s*$| (?:whether|if|yet)\b)",
        r"\b(?:forgot|forgotten)(?: \w+)? to ask\b|\bnot (?:yet )?check(?:ed)?\s*$|\bnot (?:tell|told) (?:me|us)\s*$"
        r"|^\s*to be confirmed\b|(?<!not )(?<!never )\bturned (?:it|this|that|us|me) down\b",
        # German
        rf"\b(?:nicht|nie|niemals|niemand|keine?){_NOT_TURNED}(?:zugestimmt|einverstanden|eingewilligt|erlaubt"
        r"|genehmigt|gestattet|zugesagt)\b",
        r"\bkeine?(?: \w+)? (?:zustimmung|einwilligung|einverstandnis|erlaubnis|genehmigung|antwort)\b"
        r"(?!(?: \w+)? (?:not|erford))",
        r"\bstimm\w+ (?:\w+ ){0,2}nicht zu\b|\bwillig\w+ (?:\w+ ){0,2}nicht ein\b",
        r"\b(?:nicht|nie|niemand)(?: \w+){0,2} (?:gefragt|bekannt|klar|sicher|gesagt|geantwortet|geaussert"
        r"|mitgeteilt)\b",
        r"\bweiss(?: \w+)? nicht\b|\b(?:unbekannt|unklar|ungewiss)\b",
        r"(?<!nicht )(?<!nie )\b(?:abgelehnt|verweigert|widersprochen)\b|\blehn\w+ (?:\w+ ){0,2}ab\b",
        r"\b(?:einwilligung|zustimmung|erlaubnis|genehmigung)(?: \w+){0,2} (?:fehlt|ausstehend|offen|verweigert"
        r"|zuruckgezogen)\b|\b(?:einwilligung|zustimmung|erlaubnis)(?: \w+){0,2} nicht (?:vor|da|erteilt|gegeben"
        r"|vorhanden)\b",
        r"(?<!nicht )\bwiderrufen\b|\b(?:will|mochte|wollte)(?: (?:das|es|dies))?(?: \w+)? nicht\s*$",
        r"\bweiss (?:\w+ ){0,2}nichts\b",
        r"\bohne (?:\w+ ){0,2}(?:zustimmung|einwilligung|erlaubnis|wissen|einverstandnis)\b|\bgegen \w+ willen\b",
        # French
        rf"\b(?:pas|jamais|personne n|aucun\w*){_NOT_TURNED}(?:accepte\w*|accord|consenti\w*|autoris\w*|permis\w*"
        r"|approuve\w*)\b",
        r"\b(?:pas|jamais) (?:accepte\w*|d accord|consenti|autorise\w*|permis)\b",
        r"\bpas(?: \w+)? (?:dit si|precise|repondu|clair|certain\w*|ete demande\w*|ete consulte\w*"
        r"|ete informe\w*)\b",
        r"\bne (?:sai\w*|sav\w*) pas\b|\b(?:inconnu|incertain)\w*\b",
        r"(?<!pas )(?<!jamais )(?<!not )(?<!never )\brefuse(?:e|s|es|nt)?\b(?! pas)",
        r"\bsans (?:\w+ ){0,2}(?:consentement|accord|autorisation|permission|savoir)\b",
        r"\bveu(?:t|lent) pas(?=\s*$| (?:que|participer|apparaitre|etre (?:film|montr|vu|utilis)))",
        r"\bpas (?:ete )?au courant\b|\bai pas(?: \w+)? demande\b|(?<!ne )(?<!ne s )\bs y oppose\b(?! pas)",
        r"\b(?:consentement|accord|autorisation|permission)(?: \w+){0,2} (?:retire\w*|refuse\w*|manquant\w*)\b"
        r"|(?<!pas )\bretire (?:son|sa) (?:consentement|accord|autorisation|permission)\b",
        r"\b(?:pas|aucune?)(?: d| de| donne| donne son| donne sa)? (?:consentement|accord|autorisation|permission)\b"
        r"(?!(?: \w+)? (?:necess|requis|exig|n est))|\bnon autorise\w*\b|\baucune idee\b",
        # Spanish
        rf"\b(?:no|nunca|nadie|jamas){_NOT_TURNED}(?:acept(?:o|a|ado|aron)|consintio|consentido|autoriz\w+"
        r"|permiso|permitio|aprobo|acuerdo|accedio|consentimiento)\b",
        r"\b(?:no|nunca|nadie) (?:acept(?:o|a|ado)|consintio|autorizo|permitio|aprobo|accedio)\b",
        r"\bno(?: \w+){0,3} (?:preguntado|preguntamos|respondido|contestado)\b",
        r"\b(?:no|nadie)(?: \w+){0,2} pregunt\w+\b",
        r"\bno se si\b",
        r"\bno quiere(?=\s*$| (?:participar|aparecer|salir|que|esto|hacerlo))"
        r"|(?<!no )\b(?:retiro|revoco) (?:su|el) (?:consentimiento|permiso|autorizacion)\b",
        r"\bno (?:se |lo )?(?:sabe\w*|consta|dijo si|ha dicho si|confirmo|respondio|contesto|pregunt\w+)\b"
        r"|\bno esta (?:claro|seguro)\b|\bse ignora\b|\bdesconoc\w+\b",
        r"(?<!no )\bse nego\b|(?<!no )\brechazo\b",
        r"\bsin (?:\w+ ){0,2}(?:consentimiento|permiso|autorizacion|conocimiento|saberlo)\b",
        r"\bningun\w* (?:consentimiento|permiso|autorizacion)\b(?!(?: \w+)? neces)|\bni idea\b",
        # Italian
        rf"\b(?:non|mai|nessuno){_NOT_TURNED}(?:accettato|acconsentito|consenso|autorizzat\w+|permesso|approvato"
        r"|d accordo)\b",
        r"\bnon(?: \w+){0,2} (?:so|sa|sappiamo|noto|chiaro|sicur\w+|detto se|risposto|confermato|chiesto)\b",
        r"(?<!non )(?<!non ha )\brifiutato\b|\bsenza (?:\w+ ){0,2}(?:consenso|permesso|autorizzazione|saperlo)\b",
        r"\bnon vuole(?=\s*$| (?:partecipare|apparire|essere|che|farlo))"
        r"|(?<!non ha )\britirato (?:il|suo)(?: suo)? (?:consenso|permesso)\b",
        r"\b(?:nessun\w*|non c e|non ho|non abbiamo)(?: \w+)? (?:consenso|permesso|autorizzazione)\b"
        r"(?!(?: \w+)? (?:necess|richiest|serv))|\bnon ne (?:ho|abbiamo) idea\b",
        # Portuguese
        rf"\b(?:nao|nunca|ninguem){_NOT_TURNED}(?:aceit\w+|concord\w+|consentiu|autoriz\w+|permitiu|aprovou"
        r"|permissao|consentimento)\b",
        r"\bnenhum\w* (?:consentimento|permissao|autorizacao)\b(?!(?: \w+)? (?:necess|precis))",
        r"\bnao quer(?=\s*$| (?:participar|aparecer|que|isso))",
        r"\b(?:nao|nunca|ninguem) (?:aceit\w+|concord\w+|consentiu|autoriz\w+|permitiu|aprovou)\b",
        r"\bnao(?: \w+){0,2} (?:sabe\w*|sei|disse se|respondeu|confirmou|perguntei|claro)\b|\bdesconhecid\w+\b",
        r"(?<!nao )\b(?:recusou|rejeitou)\b|\bsem (?:\w+ ){0,2}(?:consentimento|permissao|autorizacao)\b",
    )
)

# What fills in the field and says nothing else.
_NOTHING_SAID = re.compile(
    r"\s*(?:consent\s*:\s*)?"
    r"(?:(?:n a|none|nil|no|tbd|todo|unknown|nothing)[\s.,;]*)+|\s*(?:none given|not applicable)(?: here)?[\s.]*"
)
_CONSENT = re.compile(
    r"\bi (?:\w+ )?(?:agree|consent|allow|approve)\b"
    r"|\b(?:agreed|agrees|consented|consents|approved|said yes|allowed|allows|permitted|gave|gives|signed|accepted"
    r"|confirmed|authori[sz]ed|zugestimmt|stimmt\w* zu|einverstanden|eingewilligt|erlaubt|zugesagt|ja gesagt"
    r"|unterschrieben|genehmigt|bestatigt|accepte|d accord|consenti|autorise|dit oui|donne son accord|signe"
    r"|acepto|aceptado|de acuerdo|consintio|autorizo|dio su|firmo|accedio|permitio|accettato|acconsentito|autorizzato"
    r"|ha firmato|aceitou|concordou|consentiu|autorizou|assinou)\b"
)


async def require_consent(tool: StartTool[InputsT], inputs: InputsT, options: StartOptions, ledger: Ledger) -> None:
    """Raises InputError when a person's face or voice is used and the call gives no consent, or denies it."""
    consent = (options.consent or "").strip()
    hint = "Ask the user who agreed and how that is known, then give it as one sentence in consent"
    if denies_consent(consent):
        raise InputError("consent says that the person did not agree, or that this is not known", hint=hint)
    if consent:
        return
    if await _any_real(inputs, tool.likeness, ledger):
        raise InputError("consent is missing: this uses a person's face or voice", hint=hint)
    if names_person(inputs) and await _any_real(inputs, tool.may_show, ledger):
        told = f"{hint}; if no real person is shown, say that there"
        raise InputError("consent is missing: this seems to show a person", hint=told)


async def _any_real(inputs: Inputs, names: Sequence[str], ledger: Ledger) -> bool:
    """Whether one of these inputs is given and may show or let hear a real person."""
    given = [value for name in names for _, value in named_values(name, getattr(inputs, name))]
    for value in given:
        job_ids = job_ids_in(value) if is_meant_as_job_id(value) else []
        if len(job_ids) != 1 or not await shows_no_one(job_ids[0], ledger):
            return True
    return False


def denies_consent(sentence: str) -> bool:
    """Whether a sentence says plainly that the person did not agree, or that it is not known."""
    folded = _folded(sentence)
    if folded.strip() and _NOTHING_SAID.fullmatch(folded):
        return True
    clauses = [clause for clause in _CLAUSE.split(folded) if clause.strip()]
    denied = False
    for clause in clauses:
        # Compiled at the first use: it takes ten milliseconds, which a start of the server must not pay for.
        denial = re.search(_NO_CONSENT, f" {clause} ".replace("  ", " "))
        if denial is not None:
            denied = True
        elif _CONSENT.search(clause) and not _OPEN_QUESTION.match(clause):
            # What was refused first may have been agreed to later.
            return False
    return denied


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = re.sub(r"n['’]t\b", " not", plain.replace("cannot", "can not"))
    return re.sub(r" +", " ", re.sub(r"[^\w.;:,!?()\n]", " ", plain))
