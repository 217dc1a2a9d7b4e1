"""A runbook with what is known of one watch filled in: Markdown for a terminal or a ticket, HTML for a browser."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct, field

from watchdog.app.hushing import said_about
from watchdog.correlate.words import RUNBOOKS
from watchdog.domain.alert import Alert, AlertState
from watchdog.domain.run import RunStatus, Subject
from watchdog.domain.target import Role, Target
from watchdog.domain.watch import Watch
from watchdog.render.report import templates
from watchdog.render.words import moment, one_line
from watchdog.store.store import Session
from watchdog.workspace.runbooks import sections_of, title_of

#: What production is changed with; a dry run without it.
_SIGNED = "--by YOUR_NAME --because REASON --apply"
#: What is typed first, and what it is for.
FIRST = (
    ("say that you are at it", "alerts ack ID"),
    ("three questions in order, with evidence and the next command", "triage WATCH"),
)
#: What the page speaks of, in one place; it says when.
AT_HAND = (
    ("scores of the last 24 hours", "scores WATCH --since 24h"),
    ("against the baseline from before the deploy", "baseline compare WATCH"),
    ("which model answers, and what changed since the last good look", "model show WATCH"),
    ("ours: back to the last good prompt and model", f"model rollback WATCH {_SIGNED}"),
    ("the provider's: ask the dated model", f"model pin WATCH {_SIGNED}"),
    ("would the fallback hold?", "provider verify WATCH"),
    ("over to the fallback", f"model failover WATCH {_SIGNED}"),
    ("the plain answer, when nothing else helps", f"feature disable WATCH {_SIGNED}"),
    ("quiet for an hour, once you know why", "alerts silence watch=WATCH --for 1h --because REASON"),
    ("one look now", "run WATCH"),
)
#: Changes of the subject that are named, the newest.
_CHANGES = 5
_ROLES = (Role.CURRENT, Role.PINNED, Role.FALLBACK)
#: Marks of Markdown and HTML in somebody's text, and what would call people.
_MARKS = re.compile(r"([\\`*\[\]<>|~])")
_CALLS = re.compile(r"@(?=\w)")
_SEVERITIES = ("sev1", "page", "ticket", "info")


class Filling(Struct, frozen=True, kw_only=True):
    """What is filled into a runbook."""

    #: Facts in the order in which one reads them.
    facts: Mapping[str, str] = field(default_factory=dict)
    #: What stands in commands in the place of words in capitals.
    words: Mapping[str, str] = field(default_factory=dict)
    #: The watch's own runbook, if it is a file of the workspace.
    own: str = ""


def page_of(alert: Alert) -> str:
    """Name of the shipped page for an alert's cause, without an anchor."""
    return RUNBOOKS[alert.cause].partition("#")[0].removesuffix(".md")


def most_urgent(alerts: Iterable[Alert]) -> Alert | None:
    """The alert that one takes first: firing before pending, the graver, the older."""

    def urgency(alert: Alert) -> tuple[bool, int, float]:
        severity = alert.labels.get("severity", "")
        rank = _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)
        return (alert.state is not AlertState.FIRING, rank, alert.starts_at)

    return min(alerts, key=urgency, default=None)


def filling(
    session: Session, watch: Watch, alert: Alert | None, now: float, *, wake: str = "", own: str = ""
) -> Filling:
    """What is known of a watch, and of the alert somebody has in front of them.

    ``wake``: who is reached how. ``own``: text of the watch's own runbook.
    """
    pinned = watch.targets.get(Role.PINNED)
    words = {
        "WATCH": shlex.quote(watch.name),
        **({"PINNED": shlex.quote(pinned.model)} if pinned else {}),
        **words_of(alert),
    }
    return Filling(facts=_facts(session, watch, alert, now, wake), words=words, own=own)


def rendered(page: str, filled: Filling) -> str:
    """The page as Markdown, with commands as they are to be typed."""
    title = title_of(page)
    _, _, body = page.partition(f"# {title}")
    parts = [f"# {title}"]
    if filled.facts:
        parts.append("## Here and now")
        rows = [f"| {name} | {_plain(fact)} |" for name, fact in filled.facts.items()]
        parts.append("\n".join(["| what | as it is |", "|---|---|", *rows]))
    if filled.words.get("WATCH"):
        parts.append(_listed(FIRST))
    parts.append(_with_escalation(body.strip(), filled.own))
    if filled.words.get("WATCH"):
        parts.append(f"## Commands at hand\n\n{_listed(AT_HAND)}")
    text = "\n\n".join(part.strip() for part in parts) + "\n"
    # Only in what is to be typed: a word in a sentence stays what it is.
    return re.sub(r"`[^`\n]+`", lambda span: _put(span[0], filled.words), text)


def runbook_html(markdown: str) -> str:
    """Markdown as a page of its own that loads nothing and runs nothing; HTML within it is only shown."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only who asks for a page pays for it
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja2

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(markdown)
    for heading, words in pairwise(tokens):
        if heading.type == "heading_open":  # links lead to sections
            heading.attrSet("id", re.sub(r"[^\w -]", "", words.content.lower()).replace(" ", "-"))
    body = reader.renderer.render(tokens, reader.options, {})
    page = templates().get_template("runbook.html")
    return page.render(title=title_of(markdown), body=Markup(body))  # noqa: S704 - written by the line above


def _listed(commands: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"- `eval-watchdog {command}` → {what}" for what, command in commands)


def _plain(text: str) -> str:
    """Somebody's text as it is, in one line of Markdown that people can still read unrendered."""
    return _MARKS.sub(r"\\\1", _CALLS.sub("@\u200b", one_line(text, 600)))


def _put(span: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\b[A-Z]{2,}\b", lambda word: words.get(word[0], word[0]), span)


def words_of(alert: Alert | None) -> dict[str, str]:
    """What an alert puts in the place of words in capitals."""
    if alert is None:
        return {}
    labels = {"CHANNEL": alert.labels.get("channel"), "TOOL": alert.labels.get("tool_name")}
    return {"ID": alert.id, **{word: shlex.quote(value) for word, value in labels.items() if value}}


def _with_escalation(body: str, own: str) -> str:
    """The page, its section on whom to wake followed by what the watch's own runbook says of it."""
    said = sections_of(own).get("Escalate", "")
    if not said:
        return body
    before, mark, after = body.partition("\n## Afterwards")
    return f"{before.rstrip()}\n\nFor this watch:\n\n{said}\n{mark}{after}"


def _facts(session: Session, watch: Watch, alert: Alert | None, now: float, wake: str) -> dict[str, str]:
    owner = watch.owner
    facts = {"watch": f"{watch.name} (feature {watch.feature}), {watch.schedule}, as of {moment(now)} UTC"}
    facts["whom to wake"] = wake or f"team {owner.team} ({owner.vertical})"
    if alert is not None:
        labels = alert.labels
        severity, since = labels.get("severity", ""), moment(alert.starts_at)
        facts["alert"] = f"{labels.get('alertname', '?')}, {severity}, {alert.state.value} since {since} UTC"
        facts["says"] = alert.annotations.get("summary", alert.cause.value)
        facts |= said_about(session, [alert], now)[alert.id]
    last = session.runs.of_watch(watch.name, statuses=[RunStatus.FINISHED], last=1)
    subject = last[0].subject if last else Subject()
    for role in _ROLES:
        facts[f"{role.value} target"] = _target(watch.targets.get(role), subject.served_models.get(role, ()))
    fallback = watch.targets.get(Role.FALLBACK)
    verified = None if fallback is None else session.verifications.told(watch.name, fallback.digest)
    if fallback is not None:
        when = f"{verified.verdict.value}, {moment(verified.at)} UTC" if verified else "nobody has tried"
        facts["would the fallback hold?"] = when
    facts["last look"] = f"{moment(last[0].finished_at)} UTC" if last else "none has finished yet"
    baseline = session.baselines.current(watch.name)
    if baseline is None:
        facts["baseline"] = "none: nothing can drift before 'baseline freeze'"
        return facts
    facts["baseline"] = (
        f"version {baseline.version}, {baseline.status.value}, {moment(baseline.frozen_at)} UTC "
        f"by {baseline.frozen_by}: {baseline.reason}"
    )
    changes = session.detection.changes(watch.name, since=baseline.frozen_at)[-_CHANGES:]
    told = "; ".join(f"{moment(change.at)} UTC {change}" for change in changes)
    facts["changed since then"] = told or "nothing of ours, and no other served model"
    return facts


def _target(target: Target | None, served: Sequence[str]) -> str:
    if target is None:
        return "none"
    prompt = f", prompt {target.prompt.name}" if target.prompt else ""
    answered = f", answered as {', '.join(served)}" if served else ""
    return f"{target.provider} {target.model}{prompt}{answered}"
