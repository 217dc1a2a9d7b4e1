"""Targets: what answers."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from watchdog.domain.digest import digest


class Role(StrEnum):
    """The part a target plays in a watch."""

    #: Control arm: a dated snapshot that should not move.
    PINNED = "pinned"
    #: Treatment arm: what production uses now.
    CURRENT = "current"
    #: What the gate is asked about.
    CANDIDATE = "candidate"
    #: What production fails over to.
    FALLBACK = "fallback"
    #: What grades the others, and its own anchors to see whether it is still itself. Never a target of a watch.
    JUDGE = "judge"


class Prompt(Struct, frozen=True, kw_only=True):
    """A prompt file: Jinja2 templates for the system and the user part."""

    name: str
    user: str
    system: str | None = None

    @property
    def digest(self) -> str:
        """Digest of both templates."""
        return digest([self.system, self.user])


class Target(Struct, frozen=True, kw_only=True):
    """Provider, model, prompt and parameters, in a role."""

    role: Role
    #: Name of the provider in watchdog.yaml; also the ``provider`` label of alerts.
    provider: str
    model: str
    prompt: Prompt | None = None
    #: Sampling parameters as the provider's API names them (temperature, max_tokens, seed, ...).
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Digest of everything that decides the answers, except the role."""
        return digest([self.provider, self.model, self.prompt and self.prompt.digest, dict(self.parameters)])
