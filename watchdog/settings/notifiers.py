"""The ``notify`` and ``heartbeat`` sections: who is told, and who notices when nobody is told anything any more."""

from __future__ import annotations

from collections.abc import Mapping

from watchdog.settings.context import Context
from watchdog.settings.environment import with_files
from watchdog.settings.parts import Part
from watchdog.settings.secret import Secret
from watchdog.settings.shapes import HeartbeatShape
from watchdog.settings.values import Heartbeat, NotifierPlan
from watchdog.text.documents.fit import fit
from watchdog.text.documents.node import Node
from watchdog.text.documents.short_form import read_short_form

_DEFAULT = "stdout"


def read_notifiers(context: Context) -> tuple[NotifierPlan, ...]:
    """Channels in the order of the file; the terminal when the file names none."""
    node, problems = context.root.get("notify"), context.problems
    if node is None:
        part = context.part("notifier", _DEFAULT, context.root.line, "notify")
        return () if part is None else (NotifierPlan(name=_DEFAULT, kind=_DEFAULT, arguments={}, part=part),)
    if not isinstance(node.value, list) or not node.value:
        what = "is empty: nobody would be told" if isinstance(node.value, list) else f"must be a list, not {node.kind}"
        problems.add(what, at=context.root.line_of("notify"), field="notify", hint="write - stdout")
        return ()
    found: dict[str, NotifierPlan] = {}
    for at, entry in enumerate(node.value):
        field = f"notify[{at}]"
        plan = _notifier(context, entry, field)
        if plan is not None and plan.name in found:
            problems.add(
                f"a second channel is called {plan.name!r}", at=entry, field=field, hint="give one of them a name:"
            )
        elif plan is not None:
            found[plan.name] = plan
            stands_in_for = plan.arguments.get("when_down")
            if stands_in_for and stands_in_for not in found:
                hint = "name a channel that stands before this one"
                problems.add(f"there is no channel {stands_in_for!r}", at=entry, field=f"{field}.when_down", hint=hint)
    return tuple(found.values())


def _notifier(context: Context, entry: Node, field: str) -> NotifierPlan | None:
    form = read_short_form(entry, context.problems, field)
    if form is None:
        return None
    part = context.part("notifier", form.name, form.line, field)
    if part is None:
        return None
    written = form.given.mapping.get("name") if form.given is not None else None
    name = _own_name(part) if written is None else context.name(written, field)
    arguments = context.arguments(part, form.given, field, form.line)
    if arguments is None or name is None:
        return None
    return NotifierPlan(name=name, kind=form.name, arguments=arguments, part=part)


def _own_name(part: Part) -> str:
    """What a notifier calls itself when watchdog.yaml does not say: a name it has, or takes, or its class's."""
    taken = part.parameters.get("name")
    for name in (getattr(part.factory, "name", None), taken.default if taken else None):
        if isinstance(name, str) and name:
            return name
    return part.name.rpartition(":")[2]


def read_heartbeat(context: Context) -> Heartbeat:
    """The dead man's switch; its address is a credential."""
    node = context.root.get("heartbeat")
    if node is None:
        return Heartbeat()
    node = with_files(node, context.folder, context.problems, "heartbeat")
    if context.secrets_required:
        context.all_set(node, "heartbeat")
    entries = {key: child for key, child in node.mapping.items() if not child.unset}
    written = Node(entries, node.line, node.key_lines) if isinstance(node.value, Mapping) else node
    shape = fit(HeartbeatShape, written, context.problems, field="heartbeat", line=context.root.line_of("heartbeat"))
    url = node.get("ping_url")
    if shape is None or url is None:
        return Heartbeat()
    if url.unset:
        return Heartbeat(ping_url=Secret.unset(url.origin))
    if not str(url.value).startswith(("http://", "https://")):
        context.problems.add("is not an http address", at=url, field="heartbeat.ping_url")
    return Heartbeat(ping_url=Secret(str(url.value), origin=url.origin))
