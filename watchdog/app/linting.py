"""Golden sets held against the watch that uses them."""

from __future__ import annotations

from watchdog.app.join import Joined
from watchdog.domain.case import CheckSpec
from watchdog.workspace.lint import LintFinding, lint


def lint_golden(joined: Joined, watch: str) -> list[LintFinding]:
    """Remarks about the golden set of a watch, with the watch's own scorers in mind."""

    def reads_expected(spec: CheckSpec) -> bool:
        if spec.name == "judge":
            return False
        part = joined.settings.parts.find("scorer", spec.name)
        return bool(getattr(part.factory, "reads_expected", False)) and not spec.arguments

    specs = [plan.spec for plan in joined.watches[watch].scorers]
    return lint(joined.golden[watch], specs, reads_expected)
