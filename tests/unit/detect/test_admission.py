"""Which looks count."""

import pytest

from watchdog.detect.admission import admit
from watchdog.domain.metric import Admission


@pytest.mark.parametrize(
    ("scored", "planned", "errors", "expected"),
    [
        (100, 100, 0, Admission.ADMITTED),
        (50, 100, 0, Admission.ADMITTED),
        (49, 100, 0, Admission.PARTIAL),
        (19, 100, 0, Admission.VOID),
        (81, 100, 19, Admission.ADMITTED),
        (80, 100, 20, Admission.PARTIAL),
        (40, 100, 60, Admission.VOID),
        (0, 100, 100, Admission.VOID),
        (9, 16, 0, Admission.PARTIAL),
        (10, 16, 0, Admission.ADMITTED),
        (5, 5, 0, Admission.ADMITTED),
        (4, 5, 0, Admission.PARTIAL),
        (0, 0, 0, Admission.VOID),
    ],
)
def test_a_look_counts_with_enough_cases_and_few_failed_calls(scored, planned, errors, expected):
    assert admit(scored=scored, planned=planned, errors=errors, floor=0.5).admission is expected


def test_the_reason_names_the_numbers():
    assert admit(scored=70, planned=100, errors=30, floor=0.5).reason == "30 of 100 cases were lost to failed calls"
    assert admit(scored=3, planned=100, errors=0, floor=0.5).reason == "only 3 of 100 cases were scored"
