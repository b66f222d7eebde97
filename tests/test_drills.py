"""The promise of the drill: by call, text and e-mail with reminders, whatever is doubled, shuffled, early or lost."""

import json
from pathlib import Path
from typing import Any

import pytest
from test_command_line import run, run_for

DISTURBED = ("--duplicates", "0.2", "--shuffle", "--early", "0.2", "--lost", "0.05")


def check(ended: Any, citizens: int) -> None:
    """Look at a drill's last line: the pie sums up and equals the carriers' own books, and nothing went out twice unseen."""
    assert ended.returncode == 0, ended.stderr[-2_000:]
    result = json.loads(ended.stdout.splitlines()[-1])
    slices = {name: result[name] for name in ("contacted", "inProgress", "notContacted")}
    assert result["total"] == citizens == sum(slices.values())
    assert slices == result["recount"], result
    assert (result["inProgress"], result["carriers"]["lost"], result["carriers"]["twimlErrors"]) == (0, 0, 0)
    assert 0 < result["contacted"] < citizens
    assert (result["waves"][0], result["waves"][-1]) == ("INITIAL 1", "AUTO_REMINDER 2"), (
        "Those not reached were reminded."
    )
    messages = {name: each["messages"] for name, each in result["carriers"]["byCarrier"].items()}
    assert min(messages[name] for name in ("twilio_voice", "twilio_messaging", "amazon_ses")) > 0


@pytest.mark.proof
def test_the_drill_ends_by_itself_equal_to_the_carriers_own_recount(tmp_path: Path) -> None:
    check(run("demo", "--once", "--citizens", "120", "--speed", "300", directory=tmp_path), 120)


def test_a_disturbed_drill_ends_equal_to_the_recount_too(tmp_path: Path) -> None:
    check(
        run("demo", "--once", "--confirm", "--citizens", "100", "--speed", "300", *DISTURBED, directory=tmp_path), 100
    )


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(1, 21))
def test_a_disturbed_drill_of_every_seed_ends_equal_to_the_recount(tmp_path: Path, seed: int) -> None:
    confirmed = ["--confirm"] if seed % 2 else []
    drill = ("demo", "--once", "--citizens", "150", "--speed", "200", "--seed", str(seed), *DISTURBED, *confirmed)
    check(run_for(500, *drill, directory=tmp_path), 150)
