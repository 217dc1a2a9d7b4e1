"""Shapes of personal data, with their checksums."""

from __future__ import annotations

import ipaddress
import re

from watchdog.text.shape import ANY_DIGIT, Shape, Span


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


_PHONE_WORDS = (
    "phone|mobile|cell|tel|telephone|fax|whatsapp|call|text|sms|reach|"
    "telefon|telefonnummer|handy|mobil|rückruf|tél|téléphone|portable|teléfono|móvil|telefono|cellulare|telefone|telemóvel"
)

PERSONAL: tuple[Shape, ...] = (
    Shape(
        "email",
        r"(?<![\w.+%-])[\w.+%-]{1,64}+@(?:[^\W_](?:[\w-]{0,62})\.){1,8}[^\W\d_]{2,24}(?![\w-])",
        ("@",),
    ),
    Shape(
        "iban",
        r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,3})?",
        ANY_DIGIT,
        _iban,
    ),
    Shape(
        "card",
        (
            r"(?<![\w.-])(?:[0-9]{13,19}|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5})"
            r"(?!\w|-\d)"
        ),
        ANY_DIGIT,
        _card,
    ),
    Shape("national-id", r"(?<![\w-])(?!000|666)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![\w-])", ("-",)),
    Shape("national-id", r"(?<![\w.])[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?![\w-])", ("-",), _cpf),
    Shape(
        "ip",
        r"(?<![\w.:-])(?<!version )(?<!Version )(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w-]|\.\d)",
        (".",),
        _ip,
    ),
    Shape(
        "ip",
        r"(?<![\w:.\[])(?=[0-9A-Fa-f:]{0,39}[0-9])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}(?![\w:])",
        (":",),
        _ip,
    ),
    # +49 30 1234567, +1 (555) 010-0199
    Shape("phone", r"(?<![\w+])\+[1-9](?:[ ./-]{0,2}\(?[0-9]{1,6}\)?){2,7}(?![\w]|[-.]\d)", ("+",), _phone),
    # (555) 010-0199, 555-010-0199, 555.010.0199
    Shape(
        "phone",
        r"(?<![\w.+/-])(?:\([2-9][0-9]{2}\) ?[0-9]{3}[ .-]|[2-9][0-9]{2}([.-])[0-9]{3}\1)[0-9]{4}(?![\w/]|[-.]\d)",
        ANY_DIGIT,
        _phone,
    ),
    # 030 1234567, 0171/1234567, 020 7946 0958, 01 23 45 67 89: a trunk zero, separators, nine to twelve digits
    Shape(
        "phone",
        (
            r"(?<![\w.,+/-])(?<!\d[ ])\(?(?=0[1-9])(?=(?:[ ./()-]{0,3}[0-9]){9,12}(?![0-9]))"
            r"(?![0-9]{5}-[0-9]{4}(?![0-9]))[0-9]{2,5}\)?(?:[ ./-]{1,3}[0-9]{2,8}){1,5}(?![\w:/]|[-.]\d)"
        ),
        ANY_DIGIT,
        _phone,
    ),
    Shape(
        "phone",
        (
            rf"(?i)\b(?:{_PHONE_WORDS})\.?(?: (?:number|no\.?|nr\.?|is|me|us|at|on)){{0,3}} ?[:#]? ?"
            r"(\(?\+?[0-9](?:[ ./()-]{0,2}[0-9]){6,14})(?![\w:]|[-./]\d)"
        ),
        ANY_DIGIT,
        _named_phone,
    ),
)
