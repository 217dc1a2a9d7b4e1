from typer.testing import CliRunner

from watchdog.app.build import open_app
from watchdog.cli import app
from watchdog.cli.serve import _chores
from watchdog.clock import ManualClock


def test_a_port_that_no_machine_has_is_refused_with_the_range(tmp_path):
    done = CliRunner().invoke(app, ["serve", "--port", "99999", "--config", str(tmp_path)])
    assert done.exit_code == 2
    assert "65535" in done.output


def test_what_never_ends_is_given_up_within_the_minute_that_the_guide_promises(tmp_path):
    assert CliRunner().invoke(app, ["init", str(tmp_path)]).exit_code == 0
    with open_app(tmp_path / "watchdog.yaml", {}, ManualClock()) as house:
        [sweep] = [chore for chore in _chores(house) if chore.name == "sweep"]
    assert sweep.every <= 60.0
