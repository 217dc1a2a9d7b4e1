"""What a reviewer would say about a golden set that is well-formed.

An *error* makes numbers wrong, a *warning* makes them weaker, a *note* is worth knowing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import combinations
from typing import Any

from msgspec import Struct

from watchdog.domain.case import Case, CheckSpec
from watchdog.text.redaction import Finding, find_personal_data, find_secrets
from watchdog.workspace.golden import GoldenFiles

#: Similarity (0 to 100) from which two inputs are near duplicates.
NEAR = 95.0
#: Cases up to which every pair is compared; above, only neighbours in alphabetical order, from both ends.
_ALL_PAIRS = 800
_NEIGHBOURS = 20
_CHARACTERS_COMPARED = 600
#: Fewer cases than this cannot be read as a group of their own.
_SMALL_TAG = 5
#: Domains that RFC 2606 keeps for examples.
_EXAMPLE_MAIL = re.compile(r"@(?:[\w-]+\.)*(?:example(?:\.(?:com|org|net))?|test|invalid|localhost)$", re.IGNORECASE)


class Severity(StrEnum):
    """How much it matters."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class LintFinding(Struct, frozen=True, kw_only=True):
    """One remark about a golden set."""

    severity: Severity
    message: str
    #: Case it is about; empty for the set as a whole.
    case_id: str = ""
    #: Line of the case in cases.jsonl.
    line: int | None = None


def lint(
    golden: GoldenFiles,
    scorers: Sequence[CheckSpec] = (),
    reads_expected: Callable[[CheckSpec], bool] = lambda _spec: False,
) -> list[LintFinding]:
    """Remarks in the order of the file, those about the whole set last.

    Args:
        golden: the set.
        scorers: what the watch holds every answer against; ``case-checks`` among them runs the cases' own checks.
            Without any, only the cases' own checks are known.
        reads_expected: whether a check, as it is written, compares with ``expected``.
    """
    cases = golden.golden_set.cases

    def remark(severity: Severity, message: str, case_id: str = "") -> LintFinding:
        return LintFinding(severity=severity, message=message, case_id=case_id, line=golden.lines.get(case_id))

    found = [remark(*said, case.id) for case in cases for said in _about_case(case, scorers, reads_expected)]
    found += [remark(Severity.WARNING, said, case_id) for case_id, said in _duplicates(cases)]
    found.sort(key=lambda finding: finding.line or 0)
    found += [remark(*said) for said in _about_set(golden)]
    return found


Remark = tuple[Severity, str]


def _about_case(
    case: Case, scorers: Sequence[CheckSpec], reads_expected: Callable[[CheckSpec], bool]
) -> Iterator[Remark]:
    own = case.checks if not scorers or any(spec.name == "case-checks" for spec in scorers) else ()
    checks = [*own, *(spec for spec in scorers if spec.name != "case-checks")]
    if case.checks and not own:
        yield Severity.WARNING, "has checks of its own, but the watch has no scorer 'case-checks' to run them"
    if case.expected in ("", [], {}):
        yield Severity.WARNING, "expects nothing: 'expected' is empty"
    if case.expected is None:
        for spec in checks:
            if reads_expected(spec):
                yield Severity.ERROR, f"{spec.name} compares with 'expected', which is missing: it is never scored"
    always = [spec for spec in checks if _passes_everything(spec)]
    for spec in always:
        yield Severity.ERROR, f"{spec.name} passes whatever is answered"
    if not checks and (scorers or case.expected is None):
        yield Severity.ERROR, "no check looks at it: it cannot fail"
    elif checks and len(always) == len(checks):
        yield Severity.ERROR, "no check of it can fail"
    yield from _private(case)


def _passes_everything(spec: CheckSpec) -> bool:
    """Whether a check can be seen to pass any answer at all."""
    arguments = spec.arguments
    if spec.name in {"contains", "starts-with", "ends-with"}:
        wanted = [*_texts(arguments.get("value")), *_texts(arguments.get("all"))]
        anything = "" in _texts(arguments.get("any"))
        return (bool(wanted) and not any(wanted) and not arguments.get("none")) or anything
    if spec.name == "regex":
        return _matches_everything(str(arguments.get("pattern", arguments.get("value", "x"))))
    if spec.name == "word-count":
        return not arguments.get("min") and arguments.get("max") is None
    if spec.name in {"levenshtein", "rouge-n"}:
        return arguments.get("min") == 0
    return False


def _texts(value: Any) -> list[str]:
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]


def _matches_everything(pattern: str) -> bool:
    """A pattern that finds itself in nothing at all and in nonsense finds itself anywhere."""
    try:
        compiled = re.compile(pattern)
    except re.error:  # another dialect; not ours to judge here
        return False
    return all(compiled.search(text) for text in ("", "\x01", "qzx\nqzx", "7"))


def _private(case: Case) -> Iterator[Remark]:
    texts = [*(message.content for message in case.messages), *case.contexts, *_strings(case.expected)]
    texts += [text for name, value in case.variables.items() if name != "input" for text in _strings(value)]
    secrets = [finding for text in texts for finding in find_secrets(text)]
    if secrets:
        yield Severity.ERROR, "holds what looks like a credential"
    kinds = {finding.kind for text in texts for finding in find_personal_data(text) if not _invented(text, finding)}
    if kinds:
        yield Severity.WARNING, f"holds what looks like personal data: {', '.join(sorted(kinds))}"


def _invented(text: str, finding: Finding) -> bool:
    return finding.kind == "email" and bool(_EXAMPLE_MAIL.search(text[finding.start : finding.end]))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for child in value.values():
            yield from _strings(child)
    elif isinstance(value, (list, tuple)):
        for child in value:
            yield from _strings(child)


def _duplicates(cases: Sequence[Case]) -> Iterator[tuple[str, str]]:
    texts = [_normal(case) for case in cases]
    first: dict[tuple[str, str], int] = {}
    distinct: list[int] = []
    for at, text in enumerate(texts):
        if text in first:
            yield cases[at].id, f"asks the same as {cases[first[text]].id!r}"
        else:
            first[text] = at
            distinct.append(at)
    for one, other in _near(distinct, texts):
        yield cases[other].id, f"asks nearly the same as {cases[one].id!r}"


def _normal(case: Case) -> tuple[str, str]:
    """Question and documents of a case, case and spaces evened out."""
    asked = [message.content for message in case.messages]
    asked += [f"{name}={value}" for name, value in sorted(case.variables.items()) if name != "input"]
    return " ".join(" ".join(asked).casefold().split()), " ".join(" ".join(case.contexts).casefold().split())


def _near(distinct: Sequence[int], texts: Sequence[tuple[str, str]]) -> Iterator[tuple[int, int]]:
    """Pairs of places that ask nearly the same of nearly the same documents, in a bounded number of comparisons."""
    from rapidfuzz import fuzz  # noqa: PLC0415 - only a review pays for it

    def alike(one: int, other: int) -> bool:
        sides = zip(texts[one], texts[other], strict=True)
        cut = ((a[:_CHARACTERS_COMPARED], b[:_CHARACTERS_COMPARED]) for a, b in sides)
        return all(a == b or fuzz.ratio(a, b, score_cutoff=NEAR) for a, b in cut)

    seen: set[int] = set()
    for one, other in _pairs(distinct, texts):
        if other not in seen and alike(one, other):
            seen.add(other)
            yield one, other


def _pairs(distinct: Sequence[int], texts: Sequence[tuple[str, str]]) -> Iterable[tuple[int, int]]:
    if len(distinct) <= _ALL_PAIRS:
        return combinations(distinct, 2)
    pairs = set()
    for order in (sorted(distinct, key=lambda at: texts[at]), sorted(distinct, key=lambda at: texts[at][0][::-1])):
        for at, one in enumerate(order):
            pairs |= {(min(one, other), max(one, other)) for other in order[at + 1 : at + 1 + _NEIGHBOURS]}
    return sorted(pairs)


def _about_set(golden: GoldenFiles) -> Iterator[Remark]:
    cases = golden.golden_set.cases
    if not golden.golden_set.reviewed_by:
        yield Severity.WARNING, "nobody has reviewed it: set.yaml names no reviewed_by"
    counts = Counter(tag for case in cases for tag in case.tags)
    for tag in golden.tags:
        if tag not in counts:
            yield Severity.WARNING, f"the tag {tag!r} is declared, but no case has it"
    if golden.tags:
        for tag in sorted(set(counts) - set(golden.tags)):
            yield Severity.WARNING, f"the tag {tag!r} is not declared in set.yaml"
    small = sorted(tag for tag, count in counts.items() if count < _SMALL_TAG)
    if small:
        yield Severity.NOTE, f"too few cases to be read as groups of their own: {', '.join(small)}"
    if counts:
        largest, most = counts.most_common(1)[0]
        smallest, fewest = min(counts.items(), key=lambda item: (item[1], item[0]))
        if most >= 10 * fewest and len(counts) > 1:
            yield Severity.WARNING, f"tags are unbalanced: {most} cases of {largest!r}, {fewest} of {smallest!r}"
        untagged = sum(not case.tags for case in cases)
        if untagged:
            yield Severity.NOTE, f"{untagged} of {len(cases)} cases have no tag"
