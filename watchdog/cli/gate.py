"""``gate``: may a candidate go out?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import HERE, AsJson, Config, command, environment, print_json, quiet_logs, since_seconds

if TYPE_CHECKING:
    from watchdog.app.build import App
    from watchdog.domain.gate import GateReport
    from watchdog.domain.target import Role
    from watchdog.gate.candidate import Contender
    from watchdog.gate.options import GateOptions, Measure


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
    as_json: AsJson = False,
) -> None:
    """May a candidate go out? It and the baseline answer the same cases now, and are compared case by case.

    Exit code 0: not worse by more than the margin. 1: regression. 3: inconclusive; it says what would decide it.
    4: too much failed to say anything. 2: usage. It stops as soon as the answer is clear. An interrupted gate is
    continued by the same command: what was answered is not paid again.

    Examples:
        eval-watchdog gate support_reply --candidate prompts/v15.md
        eval-watchdog gate support_reply --candidate candidate.yaml --budget latency=20% --max-cost '2 USD'
        eval-watchdog gate support_reply --against git:main
        eval-watchdog gate support_reply --aa
    """
    import asyncio

    from watchdog.app.build import open_app
    from watchdog.clock import SystemClock
    from watchdog.domain.target import Role
    from watchdog.gate.options import GateOptions

    app = open_app(config, environment(), SystemClock())
    quiet_logs()
    plan = app.watch(watch)
    if margin is not None and not 0 < margin < 1:
        raise typer.BadParameter(f"--margin is between 0 and 1 (0.03 is three points), not {margin:g}")
    answers = repeats or plan.repeats
    options = GateOptions(
        margin=margin or plan.smallest_drop,
        alpha=alpha,
        looks=1 if full else 5,
        repeats=answers,
        repeats_flipping=repeats_flipping or 3 * answers,
        budgets=_budgets(budgets or []),
        seed=seed,
        self_test=aa,
        max_cost=None if max_cost is None else _dollars(max_cost),
        max_calls=max_calls,
        cache=None if cache is None else since_seconds(cache),
        baseline_from_look=None if baseline_from_daemon is None else since_seconds(baseline_from_daemon),
    )
    baseline = _baseline(app, watch, against, config)
    if aa:
        if candidate is not None:
            raise typer.BadParameter("--aa holds the baseline against itself; leave --candidate out")
        contenders = {Role.CURRENT: baseline, Role.CANDIDATE: baseline}
    else:
        contenders = {Role.CURRENT: baseline, Role.CANDIDATE: _candidate(app, watch, candidate, against)}
    report = asyncio.run(_hold(app, watch, contenders, options))
    if report is None:
        typer.echo("eval-watchdog: stopped; the same command goes on where it was", err=True)
        raise typer.Exit(4)
    if as_json:
        print_json(report)
    else:
        from watchdog.render.gate import show_gate
        from watchdog.render.terminal import console

        show_gate(report, console())
    raise typer.Exit(report.verdict.exit_code)


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


def _baseline(app: App, watch: str, against: str, config: Path) -> Contender:
    from watchdog.domain.target import Role
    from watchdog.errors import UsageError
    from watchdog.gate.candidate import Contender, at_revision

    if against.startswith("git:"):
        return at_revision(against.removeprefix("git:"), watch, config=config, environ=environment())
    targets = app.watch(watch).targets
    if against not in {"current", "pinned"}:
        raise UsageError(f"--against is current, pinned or git:REVISION, not {against!r}")
    role = Role(against)
    if role not in targets:
        raise UsageError(f"{watch} has no {against} target; give it one, or leave --against out")
    return Contender(target=targets[role], source=against)


def _candidate(app: App, watch: str, path: Path | None, against: str) -> Contender:
    from watchdog.domain.target import Role
    from watchdog.errors import UsageError
    from watchdog.gate.candidate import Contender, read_candidate

    current = app.watch(watch).targets[Role.CURRENT]
    if path is not None:
        return read_candidate(
            path,
            current,
            folder=app.settings.folder,
            providers=app.settings.providers,
            golden=app.joined.golden.get(watch),
        )
    if against == "current":
        raise UsageError("give --candidate FILE, or --against git:main to hold this checkout against another revision")
    return Contender(target=current, source="current")


def _budgets(texts: list[str]) -> dict[Measure, float]:
    from watchdog.gate.options import Measure

    found: dict[Measure, float] = {}
    for text in texts:
        name, _, share = text.partition("=")
        try:
            value = float(share.strip().removeprefix("+").removesuffix("%")) / 100
            found[Measure(name.strip())] = value
        except ValueError:
            known = ", ".join(Measure)
            raise typer.BadParameter(f"{text!r} is no budget; write latency=20% (one of {known})") from None
        if not 0 < value <= 10:
            raise typer.BadParameter(f"{text!r}: a budget is more than 0 % and at most 1000 %")
    return found


def _dollars(text: str) -> float:
    from watchdog.text.quantities import parse_money

    try:
        return parse_money(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no sum of money; write '2 USD'") from error
