"""``init``: a workspace to start from, which passes ``check`` and runs at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from watchdog.errors import UnknownName, UsageError
from watchdog.workspace.locate import shipped

_TEMPLATE = Path(__file__).parent / "template"
_JUDGE = "helpfulness"


class _Variant(Struct, frozen=True):
    """Where the answers of a new workspace come from."""

    #: Lines of the ``providers`` section, those of the other variants commented out.
    providers: str
    pinned: str
    current: str
    #: Model of the judge; empty leaves the judge commented out.
    judge: str
    #: The ``prices`` section.
    prices: str = ""


_RECORDED = "  main: { kind: recorded, path: recordings/support_reply.jsonl }"
_OPENAI = "  main: { kind: openai } # key: ${OPENAI_API_KEY}; base_url: for any server that speaks the same"
_ANTHROPIC = "  main: { kind: anthropic } # key: ${ANTHROPIC_API_KEY}"
_JUDGES = "  judge: { kind: anthropic } # another model family than the one it judges"
_SWITCH = (
    "  # Answers recorded once, so that this runs without a model and without a key. To use a real model, change main\n"
)
_JUDGE_MODEL = "claude-haiku-4-5-20251001"


def _aside(line: str) -> str:
    return line.replace("  ", "  # ", 1)


VARIANTS = {
    "recorded": _Variant(
        _SWITCH + "\n".join([_RECORDED, *map(_aside, (_OPENAI, _ANTHROPIC, _JUDGES))]),
        pinned="recorded-2026-11-21",
        current="recorded",
        judge="",
        prices="\nprices:\n  recorded: { input: 0, output: 0 } # USD per million tokens; known models need no entry\n",
    ),
    "openai": _Variant(
        "\n".join([_OPENAI, _JUDGES, _aside(_RECORDED)]),
        pinned="gpt-4.1-mini-2025-04-14",
        current="gpt-4.1-mini",
        judge=_JUDGE_MODEL,
    ),
    "anthropic": _Variant(
        "\n".join([_ANTHROPIC, _JUDGES, _aside(_RECORDED)]),
        pinned="claude-haiku-4-5-20251001",
        current="claude-haiku-4-5",
        judge=_JUDGE_MODEL,
    ),
}


def write_workspace(directory: Path, *, provider: str = "recorded", force: bool = False) -> list[Path]:
    """Write a workspace and return its files, relative to ``directory``.

    Args:
        directory: made when it is not there.
        provider: where answers come from: ``recorded`` (runs offline), ``openai`` or ``anthropic``.
        force: overwrite files that are there.

    Raises:
        UnknownName: there is no such variant.
        UsageError: a file is there already (then nothing is written), or the folder cannot be written to.
    """
    if provider not in VARIANTS:
        raise UnknownName(f"there is no workspace for {provider!r}; known: {', '.join(VARIANTS)}")
    files = dict(_files(VARIANTS[provider]))
    there = [str(path) for path in files if (directory / path).exists()]
    if there and not force:
        raise UsageError(f"nothing was written: {', '.join(there)} in {directory} would be overwritten (--force)")
    try:
        for path, content in files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{error.filename or directory} cannot be written: {error.strerror}") from error
    return list(files)


def _files(variant: _Variant) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(_TEMPLATE.rglob("*")):
        name = path.relative_to(_TEMPLATE)
        if not path.is_file():
            continue
        if name.name == "watchdog.yaml":
            yield name, _configuration(path.read_text(encoding="utf-8"), variant).encode()
        else:
            yield name.with_name(".gitignore") if name.name == "gitignore" else name, path.read_bytes()
    judges = shipped("judges")
    judge = judges / _JUDGE if judges is not None else None
    for path in sorted(judge.iterdir()) if judge is not None and judge.is_dir() else ():
        yield Path("judges") / _JUDGE / path.name, path.read_bytes()


def _configuration(template: str, variant: _Variant) -> str:
    judge = f"      - judge: {{ use: {_JUDGE}, provider: judge, model: {variant.judge or _JUDGE_MODEL} }}"
    return (
        template.replace("{providers}", variant.providers)
        .replace("{pinned}", variant.pinned)
        .replace("{current}", variant.current)
        .replace("{prices}", variant.prices)
        .replace("{judge}", judge if variant.judge else judge.replace("- judge", "# - judge"))
    )
