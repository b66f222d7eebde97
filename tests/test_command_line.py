"""Promises of the command line: wrong set-ups end with 2 and one sentence, and the drill ends equal to its recount."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from stage.house import choose_settings

from tocsin.settings import read_settings
from tocsin_server.solo import hold_solo_lock

SOUND = {
    "TOCSIN_SECRET": "a drill is a drill is a drill 0123456789",
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "b" * 32,
    "TWILIO_FROM": "+14185550100",
}
TOCSIN = [sys.executable, "-c", "from tocsin_server.cli import main; main()"]


def run(*arguments: str, directory: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return run_for(110, *arguments, directory=directory, **environment)


def run_for(seconds: float, *arguments: str, directory: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, for so many seconds at most, with no settings but these."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "TOCSIN_"))}
    settings = {**inherited, "TOCSIN_DATA_DIR": str(directory / "data"), **environment}
    return subprocess.run(
        [*TOCSIN, *arguments], env=settings, capture_output=True, text=True, timeout=seconds, check=False
    )


@pytest.mark.parametrize("missing", sorted(SOUND))
def test_a_missing_setting_is_one_sentence_and_2(tmp_path: Path, missing: str) -> None:
    settings = {name: value for name, value in SOUND.items() if name != missing}
    ended = run("serve", directory=tmp_path, **settings)
    assert ended.returncode == 2
    assert missing in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "data").exists(), "nothing may start before the settings are known to be sound"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOCSIN_SECRET", "short"),
        pytest.param("TOCSIN_SECRET", "a" * 64, marks=pytest.mark.proof),
        pytest.param("PUBLIC_URL", "example", marks=pytest.mark.proof),
        pytest.param("PORT", "http", marks=pytest.mark.proof),
        ("DATABASE_URL", "mysql://localhost/x"),
        pytest.param("DATABASE_URL", "postgresql://nobody@127.0.0.1:5432a/x", marks=pytest.mark.proof),
        pytest.param("DATABASE_URL", "postgresql://nobody@127.0.0.1/x?sslmode=on", marks=pytest.mark.proof),
        pytest.param("REDIS_URL", "redis://127.0.0.1:9/0", marks=pytest.mark.proof),
        ("TOCSIN_REMINDER_MINUTES", "soon"),
    ],
)
def test_a_weak_or_broken_setting_is_one_sentence_and_2(tmp_path: Path, name: str, value: str) -> None:
    ended = run("serve", directory=tmp_path, **{**SOUND, "PORT": "0", name: value})
    assert ended.returncode == 2
    assert name in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", ["serve", "migrate", "lanes"])
def test_a_database_that_is_away_is_one_sentence_and_2(tmp_path: Path, command: str) -> None:
    ended = run(command, directory=tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:9/none", **SOUND)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert "The database can't be reached: nobody listens there; start PostgreSQL" in ended.stderr


def test_a_folder_in_which_nothing_can_be_written_is_one_sentence_and_2(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    ended = run("serve", directory=tmp_path, **SOUND)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert "TOCSIN_DATA_DIR cannot be used" in ended.stderr


def test_no_reminder_minutes_mean_no_reminders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_REMINDER_MINUTES", "")
    monkeypatch.setenv("REDIS_URL", "")
    assert (read_settings().tocsin_reminder_minutes, read_settings().redis_url) == ((), None)


async def test_a_second_server_without_redis_is_told_and_ends_with_2(tmp_path: Path, database: str) -> None:
    settings = choose_settings(0)
    async with hold_solo_lock(settings, database):
        ended = await asyncio.to_thread(run, "serve", "--port", "0", directory=tmp_path, DATABASE_URL=database, **SOUND)
    assert (ended.returncode, "REDIS_URL" in ended.stderr) == (2, True)


def test_a_worker_without_redis_is_told_what_to_do(tmp_path: Path) -> None:
    ended = run("work", directory=tmp_path, **SOUND)
    assert (ended.returncode, "REDIS_URL" in ended.stderr) == (2, True)


def test_a_token_is_printed_alone(tmp_path: Path) -> None:
    ended = run("token", "--municipality", "sainte-rive", "--role", "operator", directory=tmp_path, **SOUND)
    assert ended.returncode == 0
    assert ended.stdout.count(".") == 2
