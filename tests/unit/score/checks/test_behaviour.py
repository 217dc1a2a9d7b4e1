import pytest

from watchdog.score.checks.behaviour import LANGUAGES, Answered, FinishReason, Language, NoPii, Refusal
from watchdog.score.checks.combined import Not

GERMAN = "Guten Tag, Ihre Bestellung wurde heute Morgen verschickt und sollte übermorgen ankommen."
ENGLISH = "Hello, your order was shipped this morning and should arrive the day after tomorrow."


@pytest.mark.parametrize(
    ("check", "text", "facts", "value"),
    [
        (Answered(), "x", {}, 1),
        (Answered(), " \n", {}, 0),
        (Refusal(), "I'm sorry, but I can't help with that.", {}, 1),
        (Refusal(), "Of course.", {}, 0),
        (Refusal(), "", {"finish_reason": "content_filter"}, 1),
        (Refusal(), "", {}, None),
        (Not(inner=Refusal()), "I'm sorry, but I can't help with that.", {}, 0),
        (Not(inner=Refusal()), "Of course.", {}, 1),
        (Not(inner=Refusal()), "", {}, None),
        (Language(value="de"), GERMAN, {}, 1),
        (Language(value=["de", "en"]), ENGLISH, {}, 1),
        (Language(value="de-AT"), GERMAN, {}, 1),
        (Language(value="de"), ENGLISH, {}, 0),
        (Language(value="de"), "42", {}, None),
        (Language(value="de"), "", {}, None),
        (Language(value="de"), f"{GERMAN}\n```python\nprint('where is the order of the customer')\n```", {}, 1),
        (NoPii(), ENGLISH, {}, 1),
        (NoPii(), "Write to ann@example.com or bob@example.com.", {}, 0),
        (NoPii(allow=["email"]), "Write to ann@example.com.", {}, 1),
        (NoPii(), "", {}, None),
        (FinishReason(), "x", {"finish_reason": "stop"}, 1),
        (FinishReason(), "x", {"finish_reason": "length"}, 0),
        (FinishReason(value=["stop", "tool_calls"]), "x", {"finish_reason": "tool_calls"}, 1),
        (FinishReason(), "x", {}, None),
    ],
)
def test_a_check_of_behaviour_passes_fails_or_leaves_unscored(scored, check, text, facts, value):
    assert scored(check, text, **facts).value == value


def test_personal_data_is_counted_and_not_quoted(scored):
    assert scored(NoPii(), "ann@example.com, bob@example.com, 203.0.113.7").reason == "2 × email, 1 × ip"


def test_a_wrong_language_is_named(scored):
    assert scored(Language(value=["de", "fr"]), ENGLISH).reason == "in en, not de or fr"


def test_the_known_languages_are_those_of_the_model():
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    assert {*LANGUAGES, "zxx"} == set(LanguageIdentifier.from_model_file(MODEL_FILE).labels)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Language(value="german"), "ISO 639 code german"),
        (lambda: Language(value=[]), "at least one language"),
        (lambda: Language(value="de", sure=2), "a probability"),
        (lambda: NoPii(allow=["name"]), "not name"),
        (lambda: FinishReason(value=[]), "at least one finish reason"),
    ],
)
def test_bad_arguments_are_refused_in_words(make, message):
    with pytest.raises(ValueError, match=message):
        make()
