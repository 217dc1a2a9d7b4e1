import pytest

from watchdog.generate.matchers import implied, impossible, shadowed
from watchdog.text.matchers import parse


def matchers(*texts):
    return [parse(text) for text in texts]


def test_two_equals_signs_can_never_match_a_known_label():
    assert "alert_type is one of infra, model, tool" in impossible(matchers("alert_type == model"))


@pytest.mark.parametrize(
    "texts", [("a=x", "a=y"), ("a=x", "a!~x|y"), ("a=~x|y", "a=z"), ("severity=~pages", "feature=reply")]
)
def test_matchers_that_contradict_each_other_are_impossible(texts):
    assert impossible(matchers(*texts))


@pytest.mark.parametrize("texts", [("a=x", "b=y"), ("a=~x.*", "a=~.*y"), ("severity=~page|sev1",), ('alert_type=""',)])
def test_matchers_that_may_meet_are_possible(texts):
    assert impossible(matchers(*texts)) == ""


def test_a_route_is_shadowed_by_one_before_it_that_takes_as_much():
    before = [matchers("alert_type=model")]
    assert shadowed(matchers("alert_type=model", "feature=reply"), before) == before[0]
    assert shadowed(matchers("alert_type=infra"), before) is None
    assert shadowed(matchers("feature=reply"), before) is None
    assert shadowed(matchers("tool_name=crm_webhook"), [matchers("tool_name=~crm.*")])
    assert shadowed(matchers("tool_name=~crm_a|crm_b"), [matchers("tool_name=~crm.*")])
    assert shadowed(matchers("tool_name=~c.*"), [matchers("tool_name=~crm.*")]) is None


def test_a_matcher_that_takes_anything_is_implied_by_nothing_at_all():
    assert implied(parse("a=~.*"), [])
    assert not implied(parse("a=~.+"), [])
    assert implied(parse('a!=""'), [parse("a=x")])
