"""Cases: one input with what we expect of the output, and the golden sets that list them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field


class Origin(StrEnum):
    """Where a case comes from."""

    GOLDEN = "golden"
    TRAFFIC = "traffic"


class Estimand(StrEnum):
    """What a number is a statement about; named on everything that is derived from it."""

    GOLDEN_SET = "on this golden set"
    TRAFFIC = "on your traffic"


class Message(Struct, frozen=True, kw_only=True):
    """One chat message."""

    #: ``system``, ``user``, ``assistant`` or ``tool``.
    role: str
    content: str


class CheckSpec(Struct, frozen=True, kw_only=True):
    """A scorer as the user wrote it: a short name (or ``package.module:Name``) and its arguments."""

    #: Name in the catalog, e.g. ``contains``, ``not-contains``, ``judge``.
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Case(Struct, frozen=True, kw_only=True):
    """One input with what we expect of the output."""

    id: str
    #: Chat messages sent as they are; empty when the target's prompt is filled from ``variables`` alone.
    messages: tuple[Message, ...] = ()
    #: Values for the target's prompt template. ``input`` holds the text of the case when it was given as text.
    variables: Mapping[str, Any] = field(default_factory=dict)
    #: What a good answer is or contains; None when the case has no reference.
    expected: Any = None
    #: Documents the answer must be grounded in.
    contexts: tuple[str, ...] = ()
    #: Checks of this case alone, beside those of the watch.
    checks: tuple[CheckSpec, ...] = ()
    tags: tuple[str, ...] = ()
    #: Relative weight in the mean of a metric; for traffic, the inverse of the inclusion probability.
    weight: float = 1.0
    origin: Origin = Origin.GOLDEN
    #: Cases of one cluster (one conversation, one document) are averaged before they count as one.
    cluster: str | None = None
    #: Free facts about the case (prompt_version, segment, ...), never sent to a model.
    metadata: Mapping[str, Any] = field(default_factory=dict)
    #: Digest of input, expectation and checks: a changed case leaves the pairing.
    digest: str = ""


class GoldenSet(Struct, frozen=True, kw_only=True):
    """A named, versioned, digest-stamped list of cases, reviewed like code."""

    name: str
    version: str
    cases: tuple[Case, ...]
    #: Digest over all cases; a difference from the baseline's stops detection.
    digest: str
    description: str = ""
    reviewed_by: tuple[str, ...] = ()
