"""``serve``: the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from watchdog.cli.edge import HERE, Config, command, environment

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from watchdog.app.build import App
    from watchdog.daemon.daemon import Chore
    from watchdog.domain.alert import Alert
    from watchdog.domain.run import RunStatus, Trigger

#: Seconds between two looks at what no look will end, and at what is overdue: that may ask a provider again.
_SWEEP_EVERY = 60.0
_CHORES_EVERY = 600.0


@command
def serve(
    *,
    config: Config = HERE,
    host: Annotated[str | None, typer.Option(help="Address of the web page; else from watchdog.yaml.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Its port; 0 lets the system choose, else from watchdog.yaml.")
    ] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """The daemon: looks at every watch when it is due, delivers alerts, serves /healthz, /readyz and /metrics.

    SIGTERM stops it in good order: calls in flight finish, everything is committed, exit code 0.

    Examples:
        eval-watchdog serve
        eval-watchdog serve --config /etc/eval-watchdog/watchdog.yaml --port 9464
    """
    from watchdog.app.build import open_app
    from watchdog.cli.loop import run as run_loop
    from watchdog.clock import SystemClock
    from watchdog.daemon.logs import configure_logs

    configure_logs(log_level)
    app = open_app(config, environment(), SystemClock())
    server = app.settings.server
    serving = _serve(app, host or server.host, server.port if port is None else port)
    raise typer.Exit(run_loop(serving, own_code=app.asks_own_code))


async def _serve(app: App, host: str, port: int) -> int:
    from urllib.parse import urlsplit

    from prometheus_client import CollectorRegistry

    from eval_watchdog import version
    from watchdog.alert.heartbeat import watchdog_heartbeat
    from watchdog.cli.runbook import whom_to_wake
    from watchdog.daemon.daemon import Daemon
    from watchdog.daemon.until_signal import serve_until_signal
    from watchdog.domain.run import Trigger
    from watchdog.web.answer_metrics import AnswerMetrics
    from watchdog.web.app import web_app
    from watchdog.web.metrics import HouseCollector, LookTimes
    from watchdog.web.runbook_pages import RunbookPages
    from watchdog.web.server import WebServer

    started_at = app.clock.now()
    registry = CollectorRegistry()
    times = LookTimes(registry)
    async with app:
        built = {name: app.built(name) for name in app.joined.watches}

        def heartbeat() -> Alert | None:
            # Silence must not look like health: a daemon whose looks are late lets its dead man's switch go off.
            return None if daemon.late() else watchdog_heartbeat(app.clock.now(), started_at)

        delivery = app.delivery(heartbeat)
        ping = app.settings.heartbeat.ping_url

        async def look(watch: str, trigger: Trigger, planned_for: float, stop: asyncio.Event) -> RunStatus:
            seen = await app.road.look(built[watch], trigger, planned_for, stop=stop)
            return seen.run.status

        daemon = Daemon(
            app.joined.watches,
            look,
            lambda watch, planned_for: app.road.fresh_run(built[watch], Trigger.SCHEDULE, planned_for),
            app.store,
            delivery,
            app.clock,
            heartbeat=ping.reveal() if ping else None,
            retention=app.settings.retention.text,
            on_look=[times],
            chores=_chores(app),
        )
        collector = HouseCollector(app.store, daemon, delivery, app.clock, version=version(), calls=lambda: _calls(app))
        registry.register(collector)
        registry.register(AnswerMetrics(app.store, app.joined.watches, app.clock))
        runbooks = RunbookPages(
            app.joined.watches,
            app.store,
            app.clock,
            own={name: runbook.text for name, runbook in app.joined.runbooks.items()},
            wake=lambda alert: whom_to_wake(app.settings.path, alert),
        )
        hosts = [host, urlsplit(app.settings.runbook_base_url).hostname or host, *app.settings.server.names]
        pages = web_app(daemon, app.store, app.clock, registry, hosts=hosts, runbooks=runbooks)
        page = WebServer(pages, host, port)
        return await serve_until_signal(daemon, [page])


def _chores(app: App) -> list[Chore]:
    """What the daemon does beside the looks."""
    import asyncio

    from watchdog.app.house import fallbacks_due, tell_of_drills, tell_of_fallbacks
    from watchdog.app.reading_back import EVERY, read_back
    from watchdog.app.sweep import sweep
    from watchdog.daemon.daemon import Chore
    from watchdog.gate.fallback import verify_fallbacks

    watches = app.joined.watches.values()

    def decide() -> None:
        with app.store.begin() as session:
            base, now = app.settings.runbook_base_url, app.clock.now()
            tell_of_drills(session, app.settings.drills, app.channels, now, base)
            tell_of_fallbacks(session, watches, app.channels, now, base)

    def due() -> list[str]:
        with app.store.read() as session:
            return fallbacks_due(session, watches, app.clock.now())

    async def overdue(_stop: asyncio.Event) -> None:
        await asyncio.to_thread(decide)

    async def verify(stop: asyncio.Event) -> None:
        await verify_fallbacks(app, await asyncio.to_thread(due), stop)
        await asyncio.to_thread(decide)

    async def back(_stop: asyncio.Event) -> None:
        await read_back(app.store, app.notifiers, app.clock.now())

    return [
        Chore(name="sweep", every=_SWEEP_EVERY, work=lambda _stop: asyncio.to_thread(sweep, app)),
        Chore(name="overdue", every=_CHORES_EVERY, work=overdue),
        Chore(name="fallbacks", every=_CHORES_EVERY, work=verify),
        Chore(name="read back", every=EVERY, work=back),
    ]


def _calls(app: App) -> Mapping[tuple[str, str], int]:
    """Attempts by provider and how they ended."""
    return {(name, how): n for name, caller in app.callers.items() for how, n in caller.attempts.items()}
