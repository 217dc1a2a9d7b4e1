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
