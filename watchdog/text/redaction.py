"""Personal data and secrets in text: found by shape and checksum, replaced before anything is kept.

Shapes alone would eat dates, prices and order numbers, so whatever has a checksum must pass it (cards: Luhn,
IBANs: ISO 7064 mod 97, CPF: its two check digits), and whatever has none must look like nothing else. Names and
postal addresses have no shape and are not found. Every pattern is linear in the length of the text: a run that does
not match is left by one bounded step.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from watchdog.text.personal_shapes import PERSONAL
from watchdog.text.secret_shapes import SECRET
from watchdog.text.shape import Shape

#: Raised whenever the patterns change: it is stored beside what was redacted and decides scores of ``no-pii``.
REDACTION_VERSION = 1


class Finding(Struct, frozen=True):
    """A stretch of text, ``text[start:end]``, that should not be kept or shown."""

    #: ``email``, ``phone``, ``card``, ``iban``, ``ip`` or ``national-id``; ``secret``, ``private-key`` or ``password``.
    kind: str
    start: int
    end: int


def find_personal_data(text: str) -> list[Finding]:
    """E-mail addresses, phone numbers, payment cards, IBANs, IP addresses and national ids, in order of place."""
    return _find(text, PERSONAL)


def find_secrets(text: str) -> list[Finding]:
    """API keys, tokens, private keys and passwords, in order of place."""
    return _find(text, SECRET)


def redact(text: str) -> str:
    """The text with each finding replaced by its kind, e.g. ``[email]``. Redacting twice changes nothing more."""
    for shapes in (SECRET, PERSONAL, SECRET + PERSONAL):
        # A replacement can bare what leant on it: again until nothing is found. Each round replaces something.
        while findings := _find(text, shapes):
            text = _replaced(text, findings)
    return text


def _replaced(text: str, findings: list[Finding]) -> str:
    parts = []
    end = 0
    for finding in findings:
        parts += [text[end : finding.start], f"[{finding.kind}]"]
        end = finding.end
    return "".join([*parts, text[end:]])


def _find(text: str, shapes: Iterable[Shape]) -> list[Finding]:
    """Findings of all shapes, without overlaps."""
    found: list[Finding] = []
    lowered = text.lower()
    for shape in shapes:
        if any(hint in lowered for hint in shape.hints):
            found += [Finding(shape.kind, *span) for span in shape.spans(text)]
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
