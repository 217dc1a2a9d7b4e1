import pytest

from watchdog.domain.case import CheckSpec
from watchdog.domain.metric import Layer
from watchdog.score.checks.behaviour import Refusal
from watchdog.score.checks.combined import NO_CHECKS, CaseChecks, Not
from watchdog.score.checks.limits import Latency, MaxChars
from watchdog.score.checks.number import Levenshtein
from watchdog.score.checks.text import Contains, Regex

KINDS = {"contains": Contains, "max-chars": MaxChars, "latency": Latency, "regex": Regex}


def build(spec):
    return KINDS[spec.name](**spec.arguments)


def specs(*pairs):
    return [CheckSpec(name=name, arguments=arguments) for name, arguments in pairs]


def test_not_turns_a_check_round_and_says_what_held(scored):
    check = Not(inner=Contains(value="voucher"))
    assert scored(check, "a refund").value == 1
    failed = scored(check, "a voucher")
    assert (failed.value, failed.reason) == (0, "contains holds")
    assert (check.name, check.digest == Contains(value="voucher").digest) == ("not-contains", False)


def test_not_turns_a_graded_check_round_at_its_bar(scored):
    check = Not(inner=Levenshtein(value="kitten", min=0.8))
    assert scored(check, "sitten").value == 0
    assert scored(check, "house").value == 1


def test_not_leaves_unscored_unscored_and_keeps_the_layer(scored):
    check = Not(inner=Latency(max=1), name="slow")
    assert scored(check, "x").value is None
    assert (check.name, check.layer) == ("slow", Layer.INFRASTRUCTURE)
    assert Not(inner=Refusal()).layer is Layer.BEHAVIORAL


@pytest.mark.parametrize(
    ("checks", "value", "reason"),
    [
        ([("contains", {"value": "refund"}), ("max-chars", {"max": 20})], 1, ""),
        ([("contains", {"value": "voucher"}), ("max-chars", {"max": 3})], 0,
         'contains: missing "voucher"; max-chars: 8 characters, more than 3'),
        ([("contains", {"value": "refund"}), ("latency", {"max": 1})], None, "latency: the latency is not known"),
        ([("contains", {"value": "voucher"}), ("latency", {"max": 1})], 0, 'contains: missing "voucher"'),
        ([], None, NO_CHECKS),
    ],
)  # fmt: skip
def test_a_case_passes_its_own_checks_together(scored, checks, value, reason):
    score = scored(CaseChecks(build=build), "a refund", checks=specs(*checks))
    assert (score.value, score.reason) == (value, reason)


def test_a_broken_check_of_a_case_is_unscored_by_name(scored):
    score = scored(CaseChecks(build=build), "a refund", expected="(", checks=specs(("regex", {})))
    assert score.value is None
    assert score.reason.startswith("regex: ValueError at ")


def test_a_check_that_cases_share_is_built_once(scored):
    built = []

    def count(spec):
        built.append(spec.name)
        return build(spec)

    scorer = CaseChecks(build=count)
    for _ in range(3):
        scored(scorer, "a refund", checks=specs(("contains", {"value": "refund"})))
    assert built == ["contains"]
