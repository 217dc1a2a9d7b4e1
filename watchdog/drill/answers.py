"""Answers for the shadow copy: those that the watch really got, good ones and bad ones, and what they deserve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from watchdog.domain.case import Case
from watchdog.domain.response import Answer, CallStatus, Response
from watchdog.domain.run import LOOKS, RunStatus
from watchdog.domain.target import Role
from watchdog.domain.watch import Watch
from watchdog.simulator.answers import REFUSAL, bad_answer, knows
from watchdog.simulator.chance import uniform
from watchdog.store.store import Session

#: Looks whose answers are borrowed: enough that a case varies as it does.
BORROWED_LOOKS = 20


@dataclass(slots=True, kw_only=True)
class Stock:
    """Answers by target, case and repeat; several where several looks were borrowed from."""

    seed: int
    #: Texts by case that deserve to fail.
    bad: Mapping[str, str] = field(default_factory=dict)
    answers: dict[tuple[Role, str, int], list[Answer]] = field(default_factory=dict)
    #: What judges thought of a text, 0 to 1.
    worth: dict[str, float] = field(default_factory=dict)

    @property
    def grades(self) -> dict[str, float]:
        """What a judge makes of every text: of a good one that no judge saw, that it is good."""
        texts = {answer.text.strip(): 1.0 for found in self.answers.values() for answer in found}
        return {**dict.fromkeys(self.bad.values(), 0.0), **texts, **self.worth}

    def good(self, role: Role, case_id: str, repeat: int, look: int) -> Answer | None:
        """An answer that the watch got; another at each look where it got several. None when it got none."""
        found = self.answers.get((role, case_id, repeat))
        if not found:
            return None
        return found[int(uniform(self.seed, role, case_id, repeat, look) * len(found))]

    def keep(self, response: Response) -> None:
        """An answer that the watch got, unless it got none."""
        if response.status is CallStatus.ANSWERED and response.text:
            place = (response.key.role, response.key.case_id, response.key.repeat)
            self.answers.setdefault(place, []).append(answer_of(response))

    def is_bad(self, case_id: str, share: float) -> bool:
        """Whether a case is among the share that is answered badly; a larger share holds the smaller one."""
        return uniform(self.seed, "bad", case_id) < share


def borrow(session: Session, watch: Watch, cases: Sequence[Case], seed: int) -> Stock:
    """The answers of the baseline's looks, or of the newest ones when there is no baseline."""
    baseline = session.baselines.current(watch.name)
    finished = session.runs.of_watch(watch.name, statuses=[RunStatus.FINISHED], last=BORROWED_LOOKS)
    ids = list(baseline.run_ids) if baseline else [run.id for run in finished if run.trigger in LOOKS]
    stock = Stock(seed=seed, bad=bad_answers(cases, seed))
    graded: dict[str, list[float]] = {}
    for run_id in ids[-BORROWED_LOOKS:]:
        responses = session.responses.of_run(run_id)
        for response in responses:
            stock.keep(response)
        texts = {response.key: response.text.strip() for response in responses if response.text}
        for row in session.scores.of_run(run_id):
            if row.score.value is not None and "grade" in row.score.details and row.key in texts:
                graded.setdefault(texts[row.key], []).append(row.score.value)
    stock.worth |= {text: sum(values) / len(values) for text, values in graded.items()}
    return stock


def answer_of(response: Response) -> Answer:
    """What the provider had said. It costs nothing to say it again."""
    return Answer(
        text=response.text,
        finish_reason=response.finish_reason,
        usage=response.usage,
        served_model=response.served_model,
        fingerprint=response.fingerprint,
        contexts=response.contexts,
        tool_calls=response.tool_calls,
    )


def bad_answers(cases: Sequence[Case], seed: int) -> Mapping[str, str]:
    """A text by case that deserves to fail: a wrong answer where the case says what a right one is, else a refusal."""
    return {case.id: bad_answer(case, 0, seed) if knows(case) else REFUSAL for case in cases}
