"""``load``: watchdog.yaml in, Settings and every problem out."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from watchdog.domain.drill import DrillPlan
from watchdog.domain.watch import FalseAlarmBudget, Owner
from watchdog.settings.context import Context
from watchdog.settings.environment import filled, refuse_written_secrets, with_files
from watchdog.settings.notifiers import read_heartbeat, read_notifiers
from watchdog.settings.parts import Parts, Vocabulary
from watchdog.settings.policy import read_policy
from watchdog.settings.providers import read_providers
from watchdog.settings.secret import Secret
from watchdog.settings.shapes import (
    DrillsShape,
    HeadShape,
    HooksShape,
    HousePolicyShape,
    OwnerShape,
    PriceShape,
    RetentionShape,
    ServerShape,
)
from watchdog.settings.values import ProviderPlan, Retention, Server, Settings, WatchPlan
from watchdog.settings.watches import House, read_watch
from watchdog.text.documents.fit import dotted, fit
from watchdog.text.documents.node import Node
from watchdog.text.documents.problems import Loaded, Problems
from watchdog.text.documents.reading import read_text, shown
from watchdog.text.documents.suggest import did_you_mean
from watchdog.text.documents.yaml_nodes import parse_yaml

#: Name of the file in a workspace.
FILE = "watchdog.yaml"
_HEAD = tuple(HeadShape.model_fields)
#: Everything that may stand at the top of the file.
KEYS = (
    *_HEAD,
    "owner",
    "policy",
    "providers",
    "watches",
    "notify",
    "server",
    "heartbeat",
    "retention",
    "drills",
    "prices",
    "hooks",
)
_DATABASES = ("sqlite:", "postgresql:", "postgresql+psycopg:")


def load(
    path: Path, vocabulary: Vocabulary, environ: Mapping[str, str], *, secrets_required: bool = True
) -> Loaded[Settings]:
    """Read ``watchdog.yaml`` (or the one in the folder ``path``). Nothing is raised for anything that is in it.

    Args:
        path: the file, or its folder.
        vocabulary: short names of parts, see ``watchdog.catalog``.
        environ: the environment, usually ``os.environ``.
        secrets_required: whether a credential whose variable is not set is a problem. Without it, only using
            that credential fails: commands that call nobody do not need the keys.
    """
    path = path / FILE if path.is_dir() else path
    problems = Problems(shown(path))
    text = read_text(path, problems)
    root = None if text is None else parse_yaml(text, problems)
    if root is None:
        return Loaded(None, tuple(problems.found))
    if not isinstance(root.value, Mapping):
        what = "is empty" if root.value is None else f"must be a mapping, not {root.kind}"
        problems.add(what, at=root, hint="'eval-watchdog init' writes one to start from")
        return Loaded(None, tuple(problems.found))
    refuse_written_secrets(root, problems)
    context = Context(
        root=filled(root, environ, problems),
        parts=Parts(vocabulary),
        environ=environ,
        folder=path.absolute().parent,
        problems=problems,
        secrets_required=secrets_required,
    )
    if str(context.folder) not in sys.path:  # the workspace's own modules may be named as parts
        sys.path.append(str(context.folder))
    settings = _settings(context, path)
    return Loaded(settings, tuple(sorted(problems.found, key=lambda problem: (problem.file, problem.line or 0))))


def _settings(context: Context, path: Path) -> Settings:
    """Section after section; what is wrong in one does not keep the others from being read."""
    for key in context.root.mapping:
        if key not in KEYS:
            line = context.root.line_of(key)
            context.problems.add(f"unknown key {key!r}", at=line, field=key, hint=did_you_mean(key, KEYS))
    head = _head(context)
    providers = read_providers(context)
    drills = context.section("drills", DrillsShape)
    server, retention = context.section("server", ServerShape), context.section("retention", RetentionShape)
    return Settings(
        path=path,
        folder=context.folder,
        store_url=Secret(_store_url(head.store if head else "", context.folder)),
        parts=context.parts,
        watches=_watches(context, providers),
        providers={name: plan for name, plan in providers.items() if plan is not None},
        notifiers=read_notifiers(context),
        false_alarms=FalseAlarmBudget(count=head.false_alarms[0], seconds=head.false_alarms[1])
        if head
        else FalseAlarmBudget(),
        runbook_base_url=(head.runbook_base_url or "").rstrip("/") if head else "",
        server=Server(host=server.host, port=server.port, names=tuple(server.names)) if server else Server(),
        heartbeat=read_heartbeat(context),
        retention=Retention(text=retention.text) if retention else Retention(),
        drills=DrillPlan(every=drills.every, kinds=tuple(dict.fromkeys(drills.kinds))) if drills else None,
        prices=_prices(context),
        hooks=_hooks(context),
    )


def _head(context: Context) -> HeadShape | None:
    root, problems = context.root, context.problems
    entries = {key: root.mapping[key] for key in _HEAD if key in root.mapping}
    if "store" in entries:  # a database URL may hold a password
        entries["store"] = with_files(entries["store"], context.folder, problems, "store")
    node = Node(entries, root.line, root.key_lines)
    head = fit(HeadShape, node, problems) if context.all_set(node, "") else None
    if head is not None and not head.store.startswith(_DATABASES):
        hint = "write sqlite:///watchdog.db or postgresql://user@host/name"
        problems.add("is not a database we know", at=root.line_of("store"), field="store", hint=hint)
    base = head.runbook_base_url if head else None
    if base is not None and not base.startswith(("http://", "https://")):
        at = root.line_of("runbook_base_url")
        problems.add("is no address", at=at, field="runbook_base_url", hint="write http://watchdog.example:8790")
    return head


def _watches(context: Context, providers: Mapping[str, ProviderPlan | None]) -> dict[str, WatchPlan]:
    shape = context.section("owner", OwnerShape)
    policy, by_vertical = read_policy(context.section("policy", HousePolicyShape))
    house = House(
        parts=context.parts,
        providers=providers.keys(),
        owner=Owner(team=shape.team, vertical=shape.vertical) if shape else None,
        owner_given=context.root.get("owner") is not None,
        folder=context.folder,
        problems=context.problems,
        policy=policy,
        verticals=by_vertical,
    )
    if context.root.get("watches") is None:
        context.problems.add("names no watches", at=context.root.line_of("watches"), field="watches")
    found = {}
    for name, node, line in context.entries("watches"):
        plan = read_watch(name, node, line, house) if context.all_set(node, dotted("watches", name)) else None
        if plan is not None:
            found[name] = plan
    _unused(by_vertical, found, context)
    return found


def _unused(policies: Collection[str], watches: Mapping[str, WatchPlan], context: Context) -> None:
    """A policy for a vertical that no watch is in is a slip of the pen that nobody would notice."""
    known = {plan.owner.vertical for plan in watches.values()}
    for vertical in policies:
        if vertical not in known:
            place = dotted("policy", "verticals", vertical)
            hint = did_you_mean(vertical, known) or "watches say theirs in owner: {vertical: ...}"
            line = context.root.line_of("policy")
            context.problems.add("no watch is in this vertical", at=line, field=place, hint=hint)


def _prices(context: Context) -> dict[str, dict[str, float]]:
    section = context.root.get("prices")
    if section is None:
        return {}
    if not isinstance(section.value, Mapping):
        context.problems.add(f"must be a mapping of model names, not {section.kind}", at=section, field="prices")
    found = {}
    for model, node in section.mapping.items():
        shape = fit(PriceShape, node, context.problems, field=f"prices.{model}", line=section.line_of(model))
        if shape is not None:
            found[model] = shape.model_dump(exclude_none=True)
    return found


def _hooks(context: Context) -> dict[str, tuple[str, ...]]:
    shape = context.section("hooks", HooksShape)
    given = shape.model_dump(exclude_none=True) if shape else {}
    return {name: tuple(words) for name, words in given.items()}


def _store_url(url: str, folder: Path) -> str:
    """A relative SQLite file belongs to the workspace, not to wherever the command is typed."""
    scheme, separator, rest = url.partition(":///")
    name, question, query = rest.partition("?")
    if not separator or not scheme.startswith("sqlite") or not name or name.startswith((":memory:", "/", "file:")):
        return url
    return f"{scheme}:///{folder / name}{question}{query}"
