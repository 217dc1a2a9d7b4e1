"""Words and numbers in text, and text made comparable.

Patterns are compiled by ``re`` when they are first asked for.
"""

from __future__ import annotations

import re
import unicodedata

#: A run of letters and digits; a Chinese or Japanese character is a word of its own, for want of spaces.
_SPACELESS = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = rf"[{_SPACELESS}]|[^\W_{_SPACELESS}]+(?:['’][^\W_]+)*"
_LOOKALIKES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "−": "-", "‑": "-"})
_SIGN = r"(?<![\w.,])[-+−]?"
_POINT_NUMBER = _SIGN + r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?|(?<![\w.])[-+−]?\.\d+"
_COMMA_NUMBER = _SIGN + r"(?:\d{1,3}(?:[. ]\d{3})+|\d+)(?:,\d+)?(?:[eE][-+]?\d{1,3})?"
_CURRENCY = r"(?<=[$€£¥₹])(?=[\d.])|(?<=\b(?:EUR|USD|GBP|CHF))(?=\d)"


def significant(value: float, digits: int) -> str:
    """A number to so many significant digits, written out: ``180``, not ``1.8e+02``."""
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 10**digits else f"{rounded:g}"


def words(text: str) -> list[str]:
    """The words of a text, as they are written."""
    return re.findall(_WORD, text)


def squeezed(text: str) -> str:
    """Unicode-normal (NFC) text without space at its ends, inner runs of space as one."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def folded(text: str) -> str:
    """For comparison: no difference of case, width, space, quotation marks or dashes."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_LOOKALIKES).casefold().split())


def numbers(text: str, *, decimal: str = ".") -> list[float]:
    """The numbers in a text, in order. ``decimal`` is ``.`` (1,234.5) or ``,`` (1.234,5 or 1 234,5)."""
    spaced = re.sub(_CURRENCY, " ", text)
    pattern, thousands = (_COMMA_NUMBER, ". ") if decimal == "," else (_POINT_NUMBER, ",")
    found = []
    for match in re.finditer(pattern, spaced):
        plain = match[0].replace("−", "-")
        for separator in thousands:
            plain = plain.replace(separator, "")
        found.append(float(plain.replace(decimal, ".")))
    return found
