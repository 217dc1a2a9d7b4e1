"""Verifications: would the fallback hold if production had to fail over to it?"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class FallbackVerdict(StrEnum):
    """What a verification says of a fallback."""

    HOLDS = "holds"
    DOES_NOT_HOLD = "does not hold"
    CANNOT_TELL = "cannot tell"

    @property
    def exit_code(self) -> int:
        """What the command returns to the shell."""
        return {"holds": 0, "does not hold": 1, "cannot tell": 3}[self.value]


class Verification(Struct, frozen=True, kw_only=True):
    """One verification of one watch's fallback."""

    #: Id of the gate that it rests on.
    id: str
    watch: str
    #: Unix time it began.
    at: float
    verdict: FallbackVerdict
    #: Digest of the target that was verified: another fallback is another question.
    target: str
    #: In sentences, most important first.
    reasons: tuple[str, ...]
