"""Personal data and secrets in text: found by shape and checksum, replaced before anything is kept.

Shapes alone would eat dates, prices and order numbers, so whatever has a checksum must pass it (cards: Luhn,
IBANs: ISO 7064 mod 97, CPF: its two check digits), and whatever has none must look like nothing else. Names and
postal addresses have no shape and are not found. Every pattern is linear in the length of the text: a run that does
not match is left by one bounded step.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

#: Raised whenever the patterns change: it is stored beside what was redacted and decides scores of ``no-pii``.
REDACTION_VERSION = 1

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """A stretch of text, ``text[start:end]``, that should not be kept or shown."""

    #: ``email``, ``phone``, ``card``, ``iban``, ``ip`` or ``national-id``; ``secret``, ``private-key`` or ``password``.
    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Rule:
    """A shape, and what else must hold of a match: ``accept`` gives the span to take, or None."""

    kind: str
    pattern: re.Pattern[str]
    #: At least one of these is in every text with a match: most texts never meet the pattern.
    hints: tuple[str, ...]
    accept: Callable[[re.Match[str]], Span | None] = re.Match.span


def find_personal_data(text: str) -> list[Finding]:
    """E-mail addresses, phone numbers, payment cards, IBANs, IP addresses and national ids, in order of place."""
    return _find(text, _PERSONAL)


def find_secrets(text: str) -> list[Finding]:
    """API keys, tokens, private keys and passwords, in order of place."""
    return _find(text, _SECRET)


def redact(text: str) -> str:
    """The text with each finding replaced by its kind, e.g. ``[email]``. Redacting twice changes nothing more."""
    for rules in (_SECRET, _PERSONAL, _SECRET + _PERSONAL):
        # A replacement can bare what leant on it: again until nothing is found. Each round replaces something.
        while findings := _find(text, rules):
            text = _replaced(text, findings)
    return text


def _replaced(text: str, findings: list[Finding]) -> str:
    parts = []
    end = 0
    for finding in findings:
        parts += [text[end : finding.start], f"[{finding.kind}]"]
        end = finding.end
    return "".join([*parts, text[end:]])


def _find(text: str, rules: Iterable[_Rule]) -> list[Finding]:
    """Findings of all rules, without overlaps."""
    found: list[Finding] = []
    lowered = text.lower()
    has_digit = any(digit in text for digit in "0123456789")
    for rule in rules:
        if not (has_digit if rule.hints is _DIGITS else any(hint in lowered for hint in rule.hints)):
            continue
        for match in rule.pattern.finditer(text):
            span = rule.accept(match)
            if span is not None:
                found.append(Finding(rule.kind, *span))
    return _without_overlaps(found)


def _without_overlaps(found: list[Finding]) -> list[Finding]:
    """In order of place; findings that overlap become one, of the first one's kind, that covers them all."""
    kept: list[Finding] = []
    for finding in sorted(found, key=lambda finding: finding.start):
        if kept and finding.start < kept[-1].end:
            last = kept.pop()
            finding = Finding(last.kind, last.start, max(last.end, finding.end))  # noqa: PLW2901
        kept.append(finding)
    return kept


# --- what must hold beside the shape ---------------------------------------------------------------------------------


def _digits(text: str) -> str:
    return "".join(character for character in text if "0" <= character <= "9")


def _passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


#: Number ranges of the card networks with their lengths; anything else of that length is an order number.
_CARD_NETWORKS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|2720\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}"  # Discover
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners Club
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
    r"|62\d{14,17}"  # UnionPay
)


def _card(match: re.Match[str]) -> Span | None:
    digits = _digits(match[0])
    return match.span() if _CARD_NETWORKS.fullmatch(digits) and _passes_luhn(digits) else None


#: Length of an IBAN by country (SWIFT IBAN registry).
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FK FI FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip


def _iban(match: re.Match[str]) -> Span | None:
    """As many characters as the country's IBANs have (the match may have run into the next word); mod 97 is 1."""
    length = _IBAN_LENGTHS.get(match[0][:2].upper(), 0)
    characters = ""
    for place, character in enumerate(match[0]):
        characters += character if character.isalnum() else ""
        if len(characters) == length:
            number = "".join(str(int(letter, 36)) for letter in characters[4:] + characters[:4])
            return (match.start(), match.start() + place + 1) if int(number) % 97 == 1 else None
    return None


def _ip(match: re.Match[str]) -> Span | None:
    """A host's address; loopback, unspecified, multicast and netmasks say nothing of a person."""
    try:
        address = ipaddress.ip_address(match[0])
    except ValueError:
        return None
    if address.version == 6 and not any(len(group) > 2 for group in match[0].split(":")):
        return None  # slices and ratios, a::b
    nobody = address.is_loopback or address.is_unspecified or address.is_multicast or address.is_reserved
    return None if nobody or match[0].startswith("0.") else match.span()


def _cpf(match: re.Match[str]) -> Span | None:
    """Brazil's CPF: the last two of eleven digits are weighted sums of those before, mod 11."""
    digits = [int(digit) for digit in _digits(match[0])]
    for place in (9, 10):
        total = sum(digit * (place + 1 - index) for index, digit in enumerate(digits[:place]))
        if digits[place] != total * 10 % 11 % 10:
            return None
    return match.span()


_DATE = re.compile(r"(?:\d{1,2}([./ -])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([./ -])\d{1,2}\2\d{1,2})(?!\d)")


def _phone(match: re.Match[str]) -> Span | None:
    """Eight to fifteen digits (E.164) that do not read as a date."""
    return match.span() if 8 <= len(_digits(match[0])) <= 15 and not _DATE.match(match[0]) else None


def _named_phone(match: re.Match[str]) -> Span | None:
    """The number behind "phone:"."""
    return match.span(1) if 7 <= len(_digits(match[1])) <= 15 and not _DATE.match(match[1]) else None


def _mixed(text: str) -> bool:
    """Letters and digits: what a generated key has and a word of prose has not."""
    return any(character.isdigit() for character in text) and any(character.isalpha() for character in text)


def _key(match: re.Match[str]) -> Span | None:
    return match.span() if _mixed(match[0].partition("-")[2] or match[0]) else None


def _bearer(match: re.Match[str]) -> Span | None:
    return match.span(1) if _mixed(match[1]) else None


def _bits_per_character(text: str) -> float:
    """Shannon entropy of the character frequencies. Random base 62 of 20 characters has about 4, a slug about 3."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def _changes(text: str) -> int:
    """How often letters and digits alternate: often in a generated key, once or twice in ``order-2026``."""
    kinds = [character.isdigit() for character in text if character.isalnum()]
    return sum(before != after for before, after in pairwise(kinds))


def _assigned_key(match: re.Match[str]) -> Span | None:
    value = match[1]
    random = _changes(value) >= 3 and _bits_per_character(value) >= 3.2
    return match.span(1) if random else None


def _assigned_password(match: re.Match[str]) -> Span | None:
    return match.span(1) if _mixed(match[1]) else None


# --- the shapes ------------------------------------------------------------------------------------------------------

_DIGITS = ("a digit",)  # compared by identity: the hint "has a digit" of all rules about numbers
_PHONE_WORDS = (
    "phone|mobile|cell|tel|telephone|fax|whatsapp|call|text|sms|reach|"
    "telefon|telefonnummer|handy|mobil|rückruf|tél|téléphone|portable|teléfono|móvil|telefono|cellulare|telefone|telemóvel"
)

_PERSONAL: tuple[_Rule, ...] = (
    _Rule(
        "email",
        re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}+@(?:[^\W_](?:[\w-]{0,62})\.){1,8}[^\W\d_]{2,24}(?![\w-])"),
        ("@",),
    ),
    _Rule(
        "iban",
        re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,3})?"),
        _DIGITS,
        _iban,
    ),
    _Rule(
        "card",
        re.compile(
            r"(?<![\w.-])(?:[0-9]{13,19}|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5})"
            r"(?!\w|-\d)"
        ),
        _DIGITS,
        _card,
    ),
    _Rule("national-id", re.compile(r"(?<![\w-])(?!000|666)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![\w-])"), ("-",)),
    _Rule("national-id", re.compile(r"(?<![\w.])[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?![\w-])"), ("-",), _cpf),
    _Rule(
        "ip",
        re.compile(r"(?<![\w.:-])(?<!version )(?<!Version )(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w-]|\.\d)"),
        (".",),
        _ip,
    ),
    _Rule(
        "ip",
        re.compile(r"(?<![\w:.\[])(?=[0-9A-Fa-f:]{0,39}[0-9])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}(?![\w:])"),
        (":",),
        _ip,
    ),
    # +49 30 1234567, +1 (555) 010-0199
    _Rule("phone", re.compile(r"(?<![\w+])\+[1-9](?:[ ./-]{0,2}\(?[0-9]{1,6}\)?){2,7}(?![\w]|[-.]\d)"), ("+",), _phone),
    # (555) 010-0199, 555-010-0199, 555.010.0199
    _Rule(
        "phone",
        re.compile(
            r"(?<![\w.+/-])(?:\([2-9][0-9]{2}\) ?[0-9]{3}[ .-]|[2-9][0-9]{2}([.-])[0-9]{3}\1)[0-9]{4}(?![\w/]|[-.]\d)"
        ),
        _DIGITS,
        _phone,
    ),
    # 030 1234567, 0171/1234567, 020 7946 0958, 01 23 45 67 89: a trunk zero, separators, nine to twelve digits
    _Rule(
        "phone",
        re.compile(
            r"(?<![\w.,+/-])(?<!\d[ ])\(?(?=0[1-9])(?=(?:[ ./()-]{0,3}[0-9]){9,12}(?![0-9]))"
            r"(?![0-9]{5}-[0-9]{4}(?![0-9]))[0-9]{2,5}\)?(?:[ ./-]{1,3}[0-9]{2,8}){1,5}(?![\w:/]|[-.]\d)"
        ),
        _DIGITS,
        _phone,
    ),
    _Rule(
        "phone",
        re.compile(
            rf"\b(?:{_PHONE_WORDS})\.?(?: (?:number|no\.?|nr\.?|is|me|us|at|on)){{0,3}} ?[:#]? ?"
            r"(\(?\+?[0-9](?:[ ./()-]{0,2}[0-9]){6,14})(?![\w:]|[-./]\d)",
            re.IGNORECASE,
        ),
        _DIGITS,
        _named_phone,
    ),
)

_SECRET: tuple[_Rule, ...] = (
    _Rule(
        "private-key",
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----))*+"
            r"(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
        ("private key",),
    ),
    # OpenAI, Anthropic and the many that imitate them
    _Rule("secret", re.compile(r"(?<![\w-])sk-[A-Za-z0-9_-]{20,400}"), ("sk-",), _key),
    _Rule("secret", re.compile(r"(?<![\w-])(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{16,250}"), ("_live_", "_test_")),
    _Rule("secret", re.compile(r"(?<!\w)whsec_[A-Za-z0-9+/=]{16,250}"), ("whsec_",)),
    _Rule(
        "secret",
        re.compile(r"(?<!\w)A(?:KIA|SIA|GPA|IDA|ROA|NPA)[A-Z0-9]{16}(?!\w)"),
        ("akia", "asia", "agpa", "aida", "aroa", "anpa"),
    ),
    _Rule(
        "secret",
        re.compile(r"(?<!\w)gh[pousr]_[A-Za-z0-9]{30,255}|(?<!\w)github_pat_\w{22,255}"),
        ("gh", "github_pat_"),
    ),
    _Rule("secret", re.compile(r"(?<!\w)glpat-[\w-]{20,100}"), ("glpat-",)),
    _Rule(
        "secret",
        re.compile(r"(?<!\w)xox[a-z]-[A-Za-z0-9-]{10,250}|(?<!\w)xapp-[A-Za-z0-9-]{20,250}"),
        ("xox", "xapp-"),
        _key,
    ),
    _Rule(
        "secret", re.compile(r"https://hooks\.slack\.com/(?:services|workflows)/[\w/+-]{20,200}"), ("hooks.slack.com",)
    ),
    _Rule("secret", re.compile(r"(?<!\w)AIza[\w-]{35}(?![\w-])|(?<!\w)ya29\.[\w-]{20,300}"), ("aiza", "ya29.")),
    _Rule(
        "secret",
        re.compile(r"(?<!\w)(?:hf|gsk|npm|r8|xai)[_-][A-Za-z0-9]{28,200}"),
        ("hf_", "gsk_", "npm_", "r8_", "xai-"),
    ),
    _Rule("secret", re.compile(r"(?<!\w)SG\.[\w-]{16,32}\.[\w-]{16,64}"), ("sg.",), _key),
    _Rule("secret", re.compile(r"(?<![\w-])eyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]{8,2000}"), ("eyj",)),
    _Rule(
        "secret",
        re.compile(r"(?<!\w)(?:bearer|basic)\s{1,3}([\w.~+/=-]{16,4000})", re.IGNORECASE),
        ("bearer", "basic"),
        _bearer,
    ),
    _Rule(
        "password",
        re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@]{1,100}:([^\s/@]{1,200})@(?=[\w\[])"),
        ("://",),
        lambda match: None if match[1] == "[password]" else match.span(1),
    ),
    _Rule(
        "secret",
        re.compile(
            r"(?:api[ _-]?key|access[ _-]?key|secret[ _-]?key|client[ _-]?secret|secret|token|credential)"
            r"""["']?\s{0,3}(?:[:=]|\bis\b)\s{0,3}["']?([^\s"',;<>]{16,400})""",
            re.IGNORECASE,
        ),
        ("key", "secret", "token", "credential"),
        _assigned_key,
    ),
    _Rule(
        "password",
        re.compile(
            r"(?:password|passwd|passwort|pwd|mot de passe|contraseña)"
            r"""["']?\s{0,3}(?:[:=]|\bis\b)\s{0,3}["']?([^\s"',;<>]{6,200})""",
            re.IGNORECASE,
        ),
        ("passw", "pwd", "mot de passe", "contraseña"),
        _assigned_password,
    ),
)
