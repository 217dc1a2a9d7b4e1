import pytest

from watchdog.generate.matchers import Matcher, implied, impossible, parse, shadowed


def matchers(*texts):
    return [parse(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alert_type=model", Matcher("alert_type", "=", "model")),
        (' tool_name =~ "crm.*" ', Matcher("tool_name", "=~", "crm.*")),
        ('a!="x\\"y"', Matcher("a", "!=", 'x"y')),
        ("alert_type == model", Matcher("alert_type", "=", "= model")),
    ],
)
def test_a_matcher_is_read_as_alertmanager_reads_it(text, expected):
    assert parse(text) == expected


def test_what_is_written_is_read_back_the_same():
    for value in ('a"b', "back\\slash", "two\nlines", "{{ x }}"):
        matcher = Matcher("label", "=", value)
        assert parse(str(matcher)) == matcher


@pytest.mark.parametrize("text", ["", "model", "1label=x", "a=~(", 'a=~"(?=x)"', 'a=~"(x)\\\\1"'])
def test_what_alertmanager_would_refuse_is_refused(text):
    with pytest.raises(ValueError, match=r"is not|uses what"):
        parse(text)


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
