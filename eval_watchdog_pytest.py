"""A pytest plug-in for teams whose gate is pytest: ``pytest --eval-watchdog WATCH --eval-watchdog-candidate FILE``.

A module of its own outside the package, so that pytest can load it wherever ours is installed: nothing of ours is
imported before a gate is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from watchdog.domain.gate import GateMetric, GateReport


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a gate."""
    group = parser.getgroup("eval-watchdog", "LLM gate: is the candidate worse than the baseline?")
    group.addoption("--eval-watchdog", metavar="WATCH", action="append", default=[], help="hold a gate of this watch")
    group.addoption("--eval-watchdog-candidate", metavar="FILE", help="prompt file or YAML of the candidate")
    group.addoption("--eval-watchdog-against", metavar="BASELINE", default="current", help="current, pinned, git:REV")
    group.addoption("--eval-watchdog-config", metavar="PATH", default="watchdog.yaml", help="watchdog.yaml")
    group.addoption(
        "--eval-watchdog-inconclusive",
        choices=("fail", "skip"),
        default="fail",
        help="what an inconclusive gate is to pytest (default: fail)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse, before anything is collected, what a gate cannot be held with."""
    if not config.getoption("--eval-watchdog"):
        return
    from eval_watchdog import REMEDY, collision

    problem = collision()
    if problem is not None:
        raise pytest.UsageError(f"eval-watchdog cannot hold a gate: {problem}\n{REMEDY}")
    if config.getoption("dist", "no") != "no":  # pytest-xdist: each worker would hold, and pay, a gate of its own
        raise pytest.UsageError("a gate is held once, not by every worker of pytest-xdist: give -n0 or -p no:xdist")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add a test for the verdict of each gate, and one for each of its metrics."""
    for watch in dict.fromkeys(config.getoption("--eval-watchdog")):
        file = GateFile.from_parent(session, path=Path(config.getoption("--eval-watchdog-config")).absolute())
        file.watch = watch
        items.extend(file.collect())


class GateFile(pytest.File):
    """The tests of one gate, which is held once, by the first that runs."""

    watch = ""

    def collect(self) -> Iterator[pytest.Item]:
        """The verdict and every metric of the watch."""
        yield VerdictItem.from_parent(self, name=f"gate[{self.watch}]")
        for plan in self.app.watch(self.watch).scorers:
            item = MetricItem.from_parent(self, name=f"gate[{self.watch}-{plan.name}]")
            item.metric = plan.name
            yield item

    @cached_property
    def app(self) -> Any:
        """The workspace's parts."""
        import os

        from watchdog.app.build import open_app
        from watchdog.clock import SystemClock
        from watchdog.errors import WatchdogError

        try:
            app = open_app(self.path, os.environ, SystemClock())
            app.watch(self.watch)
        except WatchdogError as error:
            raise pytest.UsageError(f"eval-watchdog: {error}") from None
        return app

    @cached_property
    def report(self) -> GateReport:
        """The gate, held now."""
        import asyncio
        import os

        from watchdog.domain.target import Role
        from watchdog.errors import WatchdogError
        from watchdog.gate.contenders import contenders
        from watchdog.gate.gate import Gate, contest
        from watchdog.gate.options import usual_options

        app, option = self.app, self.config.getoption
        candidate = option("--eval-watchdog-candidate")

        async def hold() -> GateReport | None:
            async with app:
                arms = contenders(
                    app,
                    self.watch,
                    candidate=Path(candidate) if candidate else None,
                    against=option("--eval-watchdog-against"),
                    self_test=False,
                    config=self.path,
                    environ=os.environ,
                )
                built = contest(app, self.watch, arms[Role.CURRENT], arms[Role.CANDIDATE])
                return await Gate(app, built, arms, usual_options(built.watch)).hold()

        try:
            report = asyncio.run(hold())
        except WatchdogError as error:
            raise GateProblem(str(error)) from None
        if report is None:
            raise GateProblem("the gate was stopped")
        return report


class GateProblem(Exception):
    """A gate that does not let the candidate pass, in sentences."""


class _Item(pytest.Item):
    """A test of a gate."""

    @property
    def report(self) -> GateReport:
        """The report of the gate."""
        assert isinstance(self.parent, GateFile)
        return self.parent.report

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Sentences, not a traceback."""
        if isinstance(excinfo.value, GateProblem):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where pytest says that it is."""
        return self.path, None, self.name


class VerdictItem(_Item):
    """May the candidate go out?"""

    def runtest(self) -> None:
        """Fail unless it may."""
        from watchdog.domain.gate import GateVerdict

        report = self.report
        if report.passed:
            return
        if (
            report.verdict is GateVerdict.INCONCLUSIVE
            and self.config.getoption("--eval-watchdog-inconclusive") == "skip"
        ):
            pytest.skip(f"inconclusive: {'; '.join(report.reasons)}")
        raise GateProblem(_page(report))


class MetricItem(_Item):
    """Is one metric worse?"""

    metric = ""

    def runtest(self) -> None:
        """Fail when it is, or was not measured; skip what is undecided, which is the verdict's business."""
        from watchdog.domain.gate import Standing

        ours = [metric for metric in self.report.metrics if metric.name == self.metric]
        worse = [metric for metric in ours if metric.standing is Standing.WORSE]
        if worse:
            raise GateProblem("; ".join(_sentence(metric) for metric in worse))
        whole = next((metric for metric in ours if not metric.tag), None)
        if whole is None or whole.standing is Standing.NOT_MEASURED:
            raise GateProblem(f"{self.metric} was not measured")
        if whole.standing is Standing.UNDECIDED:
            pytest.skip(_sentence(whole))


def _sentence(metric: GateMetric) -> str:
    from watchdog.render.gate import change_words, metric_name, span_words

    return f"{metric_name(metric)} is {metric.standing}: {change_words(metric)} points [{span_words(metric)}]"


def _page(report: GateReport) -> str:
    import io

    from watchdog.render.gate import show_gate
    from watchdog.render.terminal import console

    page = io.StringIO()
    show_gate(report, console(page))
    return page.getvalue()
