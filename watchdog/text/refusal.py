"""Whether an answer refuses the task. Deterministic: phrases at the beginning, in the languages listed here.

A refusal turns the *task* down ("I can't help with that"). An answer that says its source lacks the information
("the document does not say when it was signed") does the task, and is none.
"""

from __future__ import annotations

import re

#: Raised whenever the phrases change: it decides scores of ``refusal``.
REFUSAL_VERSION = 1

#: A refusal comes first; what stands further down is quoted.
_SENTENCES_READ = 4
_CHARACTERS_READ = 700

_I_CANNOT = r"\bI(?:'m| am| really| simply| just)*(?: can ?not| can'?t| won'?t| will not| not able to| unable to)"
_I_MAY_NOT = r"\bI(?:'m| am) not (?:allowed|permitted|comfortable|programmed|designed|willing|going)(?: to| with| in)?"
_NOT = r"(?: leider)? nicht"
_YOU_DE = r"(?: dir| Ihnen| euch)?"
_WITH_IT_DE = r"(?: leider)?(?: dabei| damit| hierbei| bei \w+(?: \w+)?)?"
_HELP_DE = r" (?:weiter)?(?:helfen|unterstützen|behilflich sein)"

#: Phrases that turn the task down whatever reason follows.
_FLAT = (
    # English
    _I_CANNOT + r"(?: \w+)? (?:help|assist|comply|oblige|fulfil+|engage|participate)\b(?! but\b)",
    _I_MAY_NOT + r" (?:help|assist|comply|provid|answer|discuss|shar|creat|generat|writ|do|that|this)",
    r"\bI(?:'d| would) (?:prefer|rather) not (?:to )?(?:help|assist|answer|discuss|do|engage|say|write)",
    r"\bI (?:must|have to|need to|will have to|'ll have to) (?:decline|refuse)\b",
    (
        r"\bas an? (?:AI|artificial intelligence|(?:AI )?language model)\b(?!.*\bbut (?:I|here)\b)"
        r".{0,80}\b(?:can ?not|can't|unable|not able|won't)\b"
    ),
    r"\b(?:goes|is) against my (?:guidelines|programming|policies|principles|instructions)\b",
    r"\bviolates? (?:my|our|the|openai's|anthropic's) (?:content |usage |safety )?(?:guidelines|polic(?:y|ies))\b",
    # German
    r"\b(?:kann|darf|werde|möchte) ich" + _YOU_DE + _WITH_IT_DE + _NOT + _HELP_DE,
    r"\bich (?:kann|darf|werde|möchte)" + _YOU_DE + _WITH_IT_DE + _NOT + _HELP_DE,
    r"\bich (?:kann|darf|werde) (?:\w+ )?(?:Anfrage|Bitte|Aufforderung)"
    + _NOT
    + r" (?:erfüllen|nachkommen|bearbeiten)",
    # French
    (
        r"\bje ne (?:peux|puis|pourrai|suis)(?: malheureusement)?(?: pas)?(?: en mesure)?(?: de)?(?: vous| t')? ?"
        r"(?:aider|assister|accéder à (?:cette|votre)|répondre à (?:cette|votre) demande)"
    ),
    # Spanish
    r"\bno (?:puedo|podré|me es posible)(?: a)? (?:ayudar|asistir|cumplir|atender|responder a (?:esa|esta) solicitud)",
    # Italian
    r"\bnon (?:posso|sono in grado di|mi è possibile) (?:aiutar|assister|soddisfare|fornire (?:questo|assistenza))",
    # Portuguese
    r"\bnão (?:posso|consigo|poderei)(?: te| lhe| o)? (?:ajud|auxili|cumprir|atender (?:a )?(?:ess|est|sua|seu))",
    # Dutch
    (
        r"\b(?:ik kan|kan ik)(?: je| jou| u)?(?: helaas)?(?: hier| daar| hiermee| daarmee)? ?"
        r"(?:helaas )?niet (?:bij |mee )?(?:helpen|assisteren|van dienst zijn)"
    ),
    # Polish
    r"\bnie mogę(?: ci| państwu| panu| pani)?(?: w tym| z tym)? (?:pomóc|spełnić|udzielić pomocy)",
    # Russian, Ukrainian
    r"\bне (?:могу|можу|смогу)(?: вам| тебе| тобі)?(?: с этим| в этом| з цим)? (?:помо|допомо|выполнить|виконати)",
    # Turkish
    r"\byardımcı olam(?:am|ıyorum)|\byardım edemem",
    # Arabic, Hindi
    r"لا (?:أستطيع|يمكنني|أقدر على)(?: تقديم)? ?(?:المساعدة|مساعدتك|تلبية)",
    r"(?:मदद|सहायता) नहीं कर (?:सकता|सकती|पाऊँगा|पाऊंगा)",
    # Chinese, Japanese, Korean
    (
        r"(?:我|抱歉|对不起|很遗憾|對不起)[^。！？\n]{0,12}(?:无法|不能|無法)[^。！？\n]{0,8}"
        r"(?:帮助|协助|满足|回答(?:这|该|此)|幫助|協助)"
    ),
    r"(?:お手伝い|お答え|ご協力|お応え|対応)(?:することは|は|することが)?(?:でき(?:ません|かねます)|いたしかねます)",
    r"(?:도와드릴|도와 드릴|답변드릴|응할|제공해 드릴) 수 (?:없습니다|없어요|없네요)",
)

#: Phrases that do so unless the same sentence blames the source.
_UNLESS_SOURCE = (
    _I_CANNOT
    + r" (?:answer|discuss|do|share|reveal|disclose|produce|create|generate|write|complete|provide|give|continue)"
    + r" (?:\w+ )?(?:this|that|these|those|it|such|any|your request|on)\b",
    _I_CANNOT
    + r" (?:provide|give|offer|share|generate|create)(?: you)?(?: with)? (?:\w+ )?"
    + r"(?:instructions|guidance|advice|assistance|help|information|content|details|recommendations?)\b",
    r"\bich (?:kann|darf|werde) (?:das|dies|dazu|diese Frage)" + _NOT + r" (?:beantworten|sagen|schreiben|erstellen)",
    r"\bje ne (?:peux|puis) pas (?:répondre|fournir|écrire|créer|partager)",
    r"\bno puedo (?:responder|proporcionar|escribir|crear|compartir)",
)

_SOURCE = (
    r"\b(?:context|document|text|passage|article|excerpt|source|transcript|e-?mail|mail|message|ticket|table|"
    r"provided|given|available|kontext|dokument|quelle|contexte|contexto|documento|contesto)\b"
)

#: One of these is in every phrase above: most answers are told by a glance.
_HINTS = (
    "n't", "cant", "wont", "not", "unable", "decline", "refuse", "against my", "violat", "nicht", "je ne ", "no p",
    "no me es", "non p", "non s", "non m", "não ", "niet", "nie mog", "не ", "olam", "edemem", "لا ", "नहीं",
    "无法", "不能", "無法", "できません", "かねます", "수 없",
)  # fmt: skip

_REFUSES = re.compile("|".join(_FLAT), re.IGNORECASE)
_REFUSES_UNLESS_SOURCE = re.compile("|".join(_UNLESS_SOURCE), re.IGNORECASE)
_NAMES_SOURCE = re.compile(_SOURCE, re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'"})


def is_refusal(text: str) -> bool:
    """Whether the beginning of an answer turns the task down."""
    beginning = text[: 2 * _CHARACTERS_READ].strip()[:_CHARACTERS_READ].translate(_APOSTROPHES)
    lowered = beginning.lower()
    if not any(hint in lowered for hint in _HINTS):
        return False
    sentences = [sentence for sentence in _SENTENCE_END.split(beginning) if sentence.strip()]
    return any(_refuses(sentence) for sentence in sentences[:_SENTENCES_READ])


def _refuses(sentence: str) -> bool:
    if _REFUSES.search(sentence):
        return True
    return bool(_REFUSES_UNLESS_SOURCE.search(sentence)) and not _NAMES_SOURCE.search(sentence)
