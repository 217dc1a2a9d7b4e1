"""The ``providers`` section."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from watchdog.domain.watch import Limits
from watchdog.settings.context import Context
from watchdog.settings.environment import filled
from watchdog.settings.shapes import LimitsShape, ProviderKeys
from watchdog.settings.values import ProviderPlan
from watchdog.text.documents.fit import dotted, fit
from watchdog.text.documents.node import Node
from watchdog.text.documents.problems import Problems

#: Kinds that can be used without being declared, and the variable that holds their key.
KEY_VARIABLES = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
_AZURE_KEY = "AZURE_OPENAI_API_KEY"


def read_providers(context: Context) -> dict[str, ProviderPlan | None]:
    """Providers by name; None for one with problems, so that a watch that names it is not blamed for them."""
    found = {name: _provider(context, name, node, line) for name, node, line in context.entries("providers")}
    used = dict(_used(context.root))
    for kind in KEY_VARIABLES:
        if kind in found or kind not in context.parts.names("provider"):
            continue
        # Not declared: an untold default. Its key is only asked for when a watch uses it.
        asked = context if kind in used else replace(context, secrets_required=False, problems=Problems(""))
        found[kind] = _provider(asked, kind, Node(None, used.get(kind, 0)), used.get(kind, 0))
    return found


def _used(root: Node) -> Iterator[tuple[str, int]]:
    """Names of providers that targets use, with a line that uses them."""
    watches = root.get("watches")
    for watch in watches.mapping.values() if watches else ():
        for role in ("fallback", "pinned", "current"):
            target = watch.get(role)
            provider = target.get("provider") if target else None
            if provider is not None and isinstance(provider.value, str):
                yield provider.value, provider.line


def _provider(context: Context, name: str, node: Node, line: int) -> ProviderPlan | None:
    field, problems = dotted("providers", name), context.problems
    if node.value is not None and not isinstance(node.value, Mapping):
        problems.add(f"must be a mapping, not {node.kind}", at=node, field=field)
        return None
    keys = {key: child for key, child in node.mapping.items() if key in ProviderKeys.model_fields}
    shape = fit(ProviderKeys, Node(keys, line, node.key_lines), problems, field=field, line=line)
    if shape is None or not context.all_set(Node(keys, line), field):
        return None
    known = context.parts.names("provider")
    if shape.kind is None and name not in known:
        hint = f"kind: one of {', '.join(known)}, or package.module:Name"
        problems.add("has no kind", at=line, field=field, hint=hint)
        return None
    kind = shape.kind or name
    part = context.part("provider", kind, node.line_of("kind") if "kind" in keys else line, field)
    if part is None:
        return None
    rest = {key: child for key, child in node.mapping.items() if key not in keys}
    if kind in KEY_VARIABLES and "api_key" not in rest:
        variable = _AZURE_KEY if "azure_endpoint" in rest else KEY_VARIABLES[kind]
        rest["api_key"] = filled(Node(f"${{{variable}}}", line), context.environ, problems)
    arguments = context.arguments(part, Node(rest, line, node.key_lines), field, line)
    if arguments is None:
        return None
    return ProviderPlan(name=name, kind=kind, arguments=arguments, part=part, limits=_limits(shape.limits))


def _limits(shape: LimitsShape) -> Limits:
    """Limits whose start is never above their maximum."""
    plain = Limits()
    most = shape.max_concurrency or max(plain.max_concurrency, shape.concurrency or 0)
    return Limits(
        concurrency=min(shape.concurrency or plain.concurrency, most),
        max_concurrency=most,
        requests_per_minute=shape.requests_per_minute,
        tokens_per_minute=shape.tokens_per_minute,
        timeout=shape.timeout,
        attempts=shape.attempts,
        backoff_cap=shape.backoff_cap,
    )
