"""Checks of how a model behaves: answered, refusal, language, no-pii, finish-reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from watchdog.domain.case import Case
from watchdog.domain.metric import Layer
from watchdog.domain.response import Response
from watchdog.domain.score import Score
from watchdog.score.check import Check
from watchdog.text.redaction import REDACTION_VERSION, find_personal_data
from watchdog.text.refusal import REFUSAL_VERSION, is_refusal

#: Silence never looks like health: an empty answer fails ``answered`` and is no evidence for anything else.
_EMPTY = Score.unscored("the answer is empty")


@dataclass(frozen=True, kw_only=True)
class Answered(Check):
    """There is text in the answer."""

    instant: ClassVar[bool] = True
    layer: ClassVar[Layer] = Layer.BEHAVIORAL

    name: str = "answered"

    def check(self, case: Case, response: Response) -> Score:  # noqa: ARG002 - the protocol's
        """Look for anything but space."""
        passed = bool(response.text.strip())
        return Score.of(passed, "" if passed else "the answer is empty")


@dataclass(frozen=True, kw_only=True)
class Refusal(Check):
    """The answer turns the task down, by its wording or by the provider's finish reason."""

    layer: ClassVar[Layer] = Layer.BEHAVIORAL

    name: str = "refusal"

    def arguments(self) -> dict[str, Any]:
        """The phrases' version."""
        return {"phrases": REFUSAL_VERSION}

    def check(self, case: Case, response: Response) -> Score:  # noqa: ARG002 - the protocol's
        """Look for the phrases of a refusal at the beginning."""
        if response.finish_reason in {"content_filter", "refusal"}:
            return Score.of(passed=True, reason=f"the provider says {response.finish_reason}")
        if not response.text.strip():
            return _EMPTY
        refused = is_refusal(response.text)
        return Score.of(refused, "refuses" if refused else "does not refuse")


@dataclass(frozen=True, kw_only=True)
class Language(Check):
    """The answer is written in this language (or one of these), by ISO 639 code: en, de, pt, zh."""

    scalar: ClassVar[str | None] = "value"
    layer: ClassVar[Layer] = Layer.BEHAVIORAL

    value: str | list[str]
    #: Probability of the likeliest language below which an answer (too short, a number, code) cannot be told.
    sure: float = 0.5
    name: str = "language"

    def __post_init__(self) -> None:
        if not self._wanted:
            raise ValueError("'value' must name at least one language")
        if not 0 <= self.sure <= 1:
            raise ValueError("'sure' is a probability, 0 to 1")
        if unknown := sorted(self._wanted - LANGUAGES):
            raise ValueError(f"no language known here has the ISO 639 code {', '.join(unknown)}")

    @property
    def _wanted(self) -> set[str]:
        codes = [self.value] if isinstance(self.value, str) else self.value
        return {code.lower().partition("-")[0] for code in codes}

    def check(self, case: Case, response: Response) -> Score:  # noqa: ARG002 - the protocol's
        """Ask py3langid about the text without code and links."""
        text = _NOT_PROSE.sub(" ", response.text[:_CHARACTERS_READ])
        if not response.text.strip():
            return _EMPTY
        language, probability = _identifier().classify(text)
        if probability < self.sure or language == "zxx":
            return Score.unscored("the language of this answer cannot be told")
        wanted = self._wanted
        return Score.of(
            language in wanted, "" if language in wanted else f"in {language}, not {' or '.join(sorted(wanted))}"
        )


#: What py3langid can tell, so that a wrong code is refused without loading its model.
_CODES = """
    ace af am an ar ary arz as az ba bcl be bg bn br bs ca crh cs cy da de dz el en eo es et eu ext fa fi fo fr fuv
    fy ga gcf gcr gd gl gom grc gu gug guw ha hbo he hi hr ht hu hy id ig is it ja jv ka kab kik kk km kn ko ku ky
    la lb lg lij ln lo lt ltg lv mg mk ml mn mr ms mt my ne nl nn no nso oc om or pa pcm pl ps pt qu ro ru rw sa sdh
    se si sk sl sn so sq sr st sv sw ta te tg th tk tl tr tt ug uk ur uz uzs vec vi vo wa wuu xh yo yue zh zu
"""
LANGUAGES = frozenset(_CODES.split())
_CHARACTERS_READ = 5000
_NOT_PROSE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+", re.DOTALL)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - about a second, and only when used

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@dataclass(frozen=True, kw_only=True)
class NoPii(Check):
    """The answer holds no personal data that has a shape: e-mail, phone, card, IBAN, IP address, national id."""

    scalar: ClassVar[str | None] = "allow"
    negatable: ClassVar[bool] = False
    layer: ClassVar[Layer] = Layer.BEHAVIORAL

    #: Kinds that may appear.
    allow: list[str] | None = None
    name: str = "no-pii"

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.allow or ()) - _KINDS):
            raise ValueError(f"'allow' knows {', '.join(sorted(_KINDS))}, not {', '.join(unknown)}")

    def arguments(self) -> dict[str, Any]:
        """What is allowed, and the patterns' version."""
        return {"allow": sorted(self.allow or ()), "patterns": REDACTION_VERSION}

    def check(self, case: Case, response: Response) -> Score:  # noqa: ARG002 - the protocol's
        """Find personal data; the reason counts kinds and never quotes."""
        if not response.text.strip():
            return _EMPTY
        kinds = [finding.kind for finding in find_personal_data(response.text)]
        found = {kind: kinds.count(kind) for kind in sorted(set(kinds) - set(self.allow or ()))}
        return Score.of(not found, ", ".join(f"{count} × {kind}" for kind, count in found.items()))


_KINDS = frozenset({"email", "phone", "card", "iban", "ip", "national-id"})


@dataclass(frozen=True, kw_only=True)
class FinishReason(Check):
    """The provider gave this reason (or one of these) for ending the answer: stop, length, content_filter, ..."""

    instant: ClassVar[bool] = True
    scalar: ClassVar[str | None] = "value"
    layer: ClassVar[Layer] = Layer.BEHAVIORAL

    value: str | list[str] = "stop"
    name: str = "finish-reason"

    def __post_init__(self) -> None:
        if not self.value:
            raise ValueError("'value' must name at least one finish reason")

    def check(self, case: Case, response: Response) -> Score:  # noqa: ARG002 - the protocol's
        """Compare the recorded reason."""
        if response.finish_reason is None:
            return Score.unscored("the provider gave no finish reason")
        passed = response.finish_reason in ([self.value] if isinstance(self.value, str) else self.value)
        return Score.of(passed, "" if passed else f"ended with {response.finish_reason}")
