import pytest
import yaml

from watchdog.errors import UsageError
from watchdog.remedy.edit import with_value

TEXT = """\
# a comment that stays
watches:
  reply:
    current: { provider: openai, model: gpt-x, prompt: p.md }  # of production
    pinned:
      provider: openai
      model: "gpt-x-2026-08-07"   # dated
    other: &alias { model: a }
    fallback: *alias
    secret: { model: "${MODEL:-x}" }
"""
MODEL = ("watches", "reply", "current", "model")


@pytest.mark.parametrize("value", ["gpt-x-2026-08-07", "org/model:free", "true", "a: b", "3", 'say "hi"', "# no"])
def test_one_value_is_changed_and_every_other_character_stays(value):
    edited = with_value(TEXT, MODEL, value)
    expected = yaml.safe_load(TEXT)
    expected["watches"]["reply"]["current"]["model"] = value
    assert yaml.safe_load(edited) == expected
    before, after = TEXT.splitlines(), edited.splitlines()
    assert [line for line in after if line not in before] == [after[3]]
    assert after[3].endswith("# of production")


def test_a_value_on_a_line_of_its_own_keeps_its_comment():
    edited = with_value(TEXT, ("watches", "reply", "pinned", "model"), "gpt-y")
    assert "      model: gpt-y   # dated\n" in edited


@pytest.mark.parametrize(
    "written",
    [
        "parameters: { temperature: 0, stop: [a] }  # cold\n      model: m\n",
        "parameters:\n        temperature: 0\n        stop:\n          - a  # first\n\n      # live\n      model: m\n",
        "model: m\n      parameters:\n        temperature: 0 # cold\n",
    ],
    ids=["flow", "block", "last"],
)
def test_a_mapping_is_replaced_whole_and_what_follows_it_stays(written):
    text = f"watches:\n  reply:\n    current:\n      {written}notify: [stdout]\n"
    value = {"temperature": 0.25, "stop": ["x: y"], "seed": 1}
    edited = with_value(text, ("watches", "reply", "current", "parameters"), value)
    expected = yaml.safe_load(text)
    expected["watches"]["reply"]["current"]["parameters"] = value
    assert yaml.safe_load(edited) == expected
    assert edited.count("#") == text.count("#")
    with pytest.raises(UsageError, match="not a mapping"):
        with_value(text, ("watches", "reply", "current", "model"), value)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("watches", "reply", "current", "version"), "has no"),
        (("watches", "nobody", "current", "model"), "has no"),
        (("watches", "reply", "fallback", "model"), "alias"),
        (("watches", "reply", "secret", "model"), "environment"),
        (("watches", "reply", "current"), "not a text"),
    ],
)
def test_what_is_not_ours_to_change_is_left_to_a_person(path, said):
    with pytest.raises(UsageError, match=said):
        with_value(TEXT, path, "x")


@pytest.mark.parametrize(
    "shared",
    [
        "  a: { current: &cur { model: x } }\n  b: { current: *cur }\n",
        "  a: &w { current: { model: x } }\n  b:\n    <<: *w\n",
        "  a: { current: &cur { model: x }, pinned: { <<: *cur } }\n",
        "  a: { current: { model: &name x } }\n  b: { current: { model: *name } }\n",
    ],
)
def test_what_other_watches_or_roles_share_by_an_anchor_is_not_changed_behind_their_back(shared):
    with pytest.raises(UsageError, match=r"share watches\.a\.current\.model by an anchor"):
        with_value(f"watches:\n{shared}", ("watches", "a", "current", "model"), "y")


def test_an_anchor_that_nobody_else_uses_is_no_obstacle():
    text = "watches:\n  a: { current: &cur { model: x } }\n"
    assert "model: y" in with_value(text, ("watches", "a", "current", "model"), "y")
