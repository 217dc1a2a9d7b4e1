"""``gate``: may a candidate go out?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import (
    HERE,
    AsJson,
    Config,
    command,
    dollars,
    ends_with,
    environment,
    give_up,
    quiet_logs,
    since_seconds,
)

if TYPE_CHECKING:
    from watchdog.app.build import App
    from watchdog.domain.gate import GateReport
    from watchdog.domain.measure import Measure
    from watchdog.domain.target import Role
    from watchdog.gate.candidate import Contender
    from watchdog.gate.options import GateOptions


#: What the names of measures begin with.
_ANSWER = "answer-"


@command
def gate(
    watch: Annotated[str, typer.Argument(metavar="WATCH")],
    *,
    candidate: Annotated[
        Path | None,
        typer.Option("--candidate", help="A prompt file, or YAML with any of model, prompt, parameters, provider."),
    ] = None,
    against: Annotated[
        str, typer.Option("--against", help="The baseline: current, pinned, or git:REVISION.")
    ] = "current",
    config: Config = HERE,
    margin: Annotated[
        float | None,
        typer.Option("--margin", help="Acceptable drop in score units; the watch's smallest_drop when not given."),
    ] = None,
    alpha: Annotated[float, typer.Option("--alpha", min=0.0001, max=0.4, help="Error rate of each side.")] = 0.05,
    repeats: Annotated[
        int | None, typer.Option("--repeats", min=1, max=100, help="Answers a case and arm; the watch's by default.")
    ] = None,
    repeats_flipping: Annotated[
        int | None,
        typer.Option("--repeats-flipping", min=1, max=100, help="Of cases whose past scores vary; 3 times as many."),
    ] = None,
    budgets: Annotated[
        list[str] | None,
        typer.Option("--budget", help="latency=20%, length=20%, cost=10%: must not grow by more.", metavar="WHAT=%"),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Ask everything; do not stop when the answer is clear.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", help="Of the order of the cases.")] = None,
    aa: Annotated[
        bool, typer.Option("--aa", help="The baseline against itself: how often does this gate cry wolf?")
    ] = False,
    max_cost: Annotated[str | None, typer.Option("--max-cost", help="'2 USD': spend no more.")] = None,
    max_calls: Annotated[int | None, typer.Option("--max-calls", min=4, help="Calls at the most.")] = None,
    cache: Annotated[
        str | None, typer.Option("--cache", help="'12h': use baseline answers of earlier gates that are not older.")
    ] = None,
    baseline_from_daemon: Annotated[
        str | None, typer.Option("--baseline-from-daemon", help="'24h': use the newest look's answers as baseline.")
    ] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML there.")] = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Write a pull-request comment there.")] = None,
    code_quality: Annotated[
        Path | None, typer.Option("--code-quality", help="Write GitLab's code quality report there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """May a candidate go out? It and the baseline answer the same cases now, and are compared case by case.

    Exit code 0: not worse by more than the margin. 1: regression. 3: inconclusive; it says what would decide it.
    4: too much failed to say anything. 2: usage. It stops as soon as the answer is clear. An interrupted gate is
    continued by the same command: what was answered is not paid again. In a GitHub workflow it also writes the step
    summary and annotations.

    Examples:
        eval-watchdog gate support_reply --candidate prompts/v15.md
        eval-watchdog gate support_reply --candidate candidate.yaml --budget latency=20% --max-cost '2 USD'
        eval-watchdog gate support_reply --against git:main
        eval-watchdog gate support_reply --aa
    """
    from msgspec.structs import replace

    from watchdog.app.build import open_app
    from watchdog.cli.loop import run as run_loop
    from watchdog.clock import SystemClock
    from watchdog.gate.contenders import contenders
    from watchdog.gate.options import FLIPPING, usual_options

    app = open_app(config, environment(), SystemClock())
    quiet_logs()
    plan = app.watch(watch)
    if margin is not None and not 0 < margin < 1:
        raise typer.BadParameter(f"--margin is between 0 and 1 (0.03 is three points), not {margin:g}")
    answers = repeats or plan.repeats
    if cache is not None and baseline_from_daemon is not None:
        raise typer.BadParameter("--cache and --baseline-from-daemon both say where the baseline comes from; give one")
    files = {"junit": junit, "markdown": markdown, "code-quality": code_quality}
    _make_room(files)
    options = replace(
        usual_options(plan),
        margin=margin or plan.smallest_drop,
        alpha=alpha,
        looks=1 if full else 5,
        repeats=answers,
        repeats_flipping=repeats_flipping or FLIPPING * answers,
        budgets=_budgets(budgets or []),
        seed=seed,
        self_test=aa,
        max_cost=None if max_cost is None else dollars(max_cost),
        max_calls=max_calls,
        cache=None if cache is None else since_seconds(cache),
        baseline_from_look=None if baseline_from_daemon is None else since_seconds(baseline_from_daemon),
    )
    arms = contenders(
        app, watch, candidate=candidate, against=against, self_test=aa, config=config, environ=environment()
    )
    report = run_loop(_hold(app, watch, arms, options), own_code=app.asks_own_code)
    if report is None:
        raise give_up("stopped; the same command goes on where it was", 4, as_json=as_json)
    with ends_with(report.verdict.exit_code):
        _write(report, files)
        _tell(report, as_json=as_json)


def _make_room(files: dict[str, Path | None]) -> None:
    """Say that a report cannot be written before anything is paid for it."""
    from watchdog.errors import UsageError

    for kind, path in files.items():
        if path is None:
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--{kind} {path} cannot be written: {error.strerror}") from error
        if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
            raise UsageError(f"--{kind} {path} cannot be written; name another file, or make it writable")


def _write(report: GateReport, files: dict[str, Path | None]) -> None:
    """The reports that were asked for, and the step summary where GitHub keeps one."""
    from watchdog.errors import UsageError
    from watchdog.render.ci import code_quality
    from watchdog.render.junit import gate_junit
    from watchdog.render.markdown import gate_markdown

    makers = {"junit": gate_junit, "markdown": gate_markdown, "code-quality": code_quality}
    for kind, path in files.items():
        if path is None:
            continue
        try:
            path.write_text(makers[kind](report), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--{kind} {path} cannot be written: {error.strerror}") from error
    summary = environment().get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(gate_markdown(report))


def _tell(report: GateReport, *, as_json: bool) -> None:
    """The answer on stdout. In a GitHub workflow what models said must not be taken for commands of the runner."""
    import io
    import secrets

    from watchdog.render.as_json import as_json as json_of
    from watchdog.render.ci import github_annotations, stopped_commands
    from watchdog.render.gate import show_gate
    from watchdog.render.terminal import console

    in_workflow = environment().get("GITHUB_ACTIONS") == "true"
    if as_json:
        text = json_of(report)
        typer.echo(text.replace("##[", "##\\u005b") if in_workflow else text)
    elif in_workflow:
        page = io.StringIO()
        show_gate(report, console(page))
        typer.echo(stopped_commands(page.getvalue(), secrets.token_hex(16)), nl=False)
    else:
        show_gate(report, console())
    if in_workflow:
        for line in github_annotations(report):
            typer.echo(line, err=True)


async def _hold(app: App, watch: str, arms: dict[Role, Contender], options: GateOptions) -> GateReport | None:
    import asyncio

    from watchdog.cli.stopping import stop_on_signals
    from watchdog.domain.target import Role
    from watchdog.gate.gate import Gate, contest
    from watchdog.render.progress import Progress

    async with app:
        built = contest(app, watch, arms[Role.CURRENT], arms[Role.CANDIDATE])
        stop = stop_on_signals(asyncio.get_running_loop())
        return await Gate(app, built, arms, options, stop=stop, progress=Progress()).hold()


def _budgets(texts: list[str]) -> dict[Measure, float]:
    from watchdog.domain.measure import Measure

    found: dict[Measure, float] = {}
    for text in texts:
        name, _, share = text.partition("=")
        try:
            value = float(share.strip().removeprefix("+").removesuffix("%")) / 100
            found[Measure(f"{_ANSWER}{name.strip()}")] = value
        except ValueError:
            known = ", ".join(measure.removeprefix(_ANSWER) for measure in Measure)
            raise typer.BadParameter(f"{text!r} is no budget; write latency=20% (one of {known})") from None
        if not 0 < value <= 10:
            raise typer.BadParameter(f"{text!r}: a budget is more than 0 % and at most 1000 %")
    return found
