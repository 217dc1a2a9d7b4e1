import pytest

from watchdog.simulator.feature import support_reply
from watchdog.simulator.simulator import Question, Simulator


@pytest.fixture(scope="session")
def golden():
    return support_reply()


@pytest.fixture
def simulator(golden):
    return Simulator([golden], seed=7)


@pytest.fixture
def ask_all(golden):
    """Ask a model every case some times over and give the answers by case."""

    def ask(simulator, model="m", times=1):
        return {
            case.id: [
                simulator.reply(Question(model=model, text=f"Mail:\n{case.variables['input']}\n")) for _ in range(times)
            ]
            for case in golden.cases
        }

    return ask
