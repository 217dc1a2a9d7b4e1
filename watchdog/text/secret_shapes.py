"""Shapes of secrets: keys with a known beginning, and what is assigned to a name that says so."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

from watchdog.text.shape import Shape, Span


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


SECRET: tuple[Shape, ...] = (
    Shape(
        "private-key",
        (
            r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----))*+"
            r"(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
        ("private key",),
    ),
    # OpenAI, Anthropic and the many that imitate them
    Shape("secret", r"(?<![\w-])sk-[A-Za-z0-9_-]{20,400}", ("sk-",), _key),
    Shape("secret", r"(?<![\w-])(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{16,250}", ("_live_", "_test_")),
    Shape("secret", r"(?<!\w)whsec_[A-Za-z0-9+/=]{16,250}", ("whsec_",)),
    Shape(
        "secret",
        r"(?<!\w)A(?:KIA|SIA|GPA|IDA|ROA|NPA)[A-Z0-9]{16}(?!\w)",
        ("akia", "asia", "agpa", "aida", "aroa", "anpa"),
    ),
    Shape(
        "secret",
        r"(?<!\w)gh[pousr]_[A-Za-z0-9]{30,255}|(?<!\w)github_pat_\w{22,255}",
        ("gh", "github_pat_"),
    ),
    Shape("secret", r"(?<!\w)glpat-[\w-]{20,100}", ("glpat-",)),
    Shape(
        "secret",
        r"(?<!\w)xox[a-z]-[A-Za-z0-9-]{10,250}|(?<!\w)xapp-[A-Za-z0-9-]{20,250}",
        ("xox", "xapp-"),
        _key,
    ),
    Shape("secret", r"https://hooks\.slack\.com/(?:services|workflows)/[\w/+-]{20,200}", ("hooks.slack.com",)),
    Shape("secret", r"(?<!\w)AIza[\w-]{35}(?![\w-])|(?<!\w)ya29\.[\w-]{20,300}", ("aiza", "ya29.")),
    Shape(
        "secret",
        r"(?<!\w)(?:hf|gsk|npm|r8|xai)[_-][A-Za-z0-9]{28,200}",
        ("hf_", "gsk_", "npm_", "r8_", "xai-"),
    ),
    Shape("secret", r"(?<!\w)SG\.[\w-]{16,32}\.[\w-]{16,64}", ("sg.",), _key),
    Shape("secret", r"(?<![\w-])eyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]{8,2000}", ("eyj",)),
    Shape(
        "secret",
        r"(?i)(?<!\w)(?:bearer|basic)\s{1,3}([\w.~+/=-]{16,4000})",
        ("bearer", "basic"),
        _bearer,
    ),
    Shape(
        "password",
        r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@]{1,100}:([^\s/@]{1,200})@(?=[\w\[])",
        ("://",),
        lambda match: None if match[1] == "[password]" else match.span(1),
    ),
    Shape(
        "secret",
        (
            r"(?i)(?:api[ _-]?key|access[ _-]?key|secret[ _-]?key|client[ _-]?secret|secret|token|credential)"
            r"""["']?\s{0,3}(?:[:=]|\bis\b)\s{0,3}["']?([^\s"',;<>]{16,400})"""
        ),
        ("key", "secret", "token", "credential"),
        _assigned_key,
    ),
    Shape(
        "password",
        (
            r"(?i)(?:password|passwd|passwort|pwd|mot de passe|contraseña)"
            r"""["']?\s{0,3}(?:[:=]|\bis\b)\s{0,3}["']?([^\s"',;<>]{6,200})"""
        ),
        ("passw", "pwd", "mot de passe", "contraseña"),
        _assigned_password,
    ),
)
