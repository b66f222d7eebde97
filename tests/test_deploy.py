"""Promises of the files in deploy/: the image is built from what the build reads and no more, and all that they start exists."""

import re
import tomllib
from pathlib import Path

from typer.main import get_command

from tocsin.settings import Settings
from tocsin_server.cli import app

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
UNITS = ("tocsin-web@.service", "tocsin-worker@.service")
ELSEWHERE = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"}
"""Settings of others."""


def read(name: str) -> str:
    return (DEPLOY / name).read_text()


def list_rules() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def list_what_the_build_reads() -> set[str]:
    """Return the names at the root that a wheel is made from, as pyproject.toml has them, and the schema of the page."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    hook = project["tool"]["hatch"]["build"]["hooks"]["custom"]["path"]
    named = {project["project"]["readme"], *project["project"]["license-files"]}
    folders = {path.partition("/")[0] for path in (*wheel, hook)}
    return {"pyproject.toml", "uv.lock", "schema.graphql", *named, *folders}


def test_an_image_takes_in_all_that_the_build_reads_and_nothing_else() -> None:
    first, *others = list_rules()
    assert first == "*"
    assert {rule[1:] for rule in others if rule.startswith("!")} == list_what_the_build_reads()
    assert all((ROOT / name).exists() for name in list_what_the_build_reads())
    assert "COPY . ." in read("Containerfile")


def test_what_was_made_on_this_machine_stays_out_of_an_image() -> None:
    ignored = (ROOT / ".gitignore").read_text().split()
    inside = {name.rstrip("/") for name in ignored if name.partition("/")[0] in list_what_the_build_reads()}
    made = {name for name in inside if not name.endswith(".new")} | {"console/node_modules", "**/__pycache__"}
    assert made <= set(list_rules())
    assert "deploy/tocsin.env" in ignored


def test_all_that_is_started_is_a_command_of_ours() -> None:
    commands: dict[str, object] = get_command(app).commands  # type: ignore[attr-defined]
    told = [*re.findall(r'\["tocsin", "(\w+)"\]', read("compose.yaml") + read("Containerfile"))]
    told += [re.search(r"^ExecStart=\S+/tocsin (\w+)", read(unit), re.MULTILINE)[1] for unit in UNITS]  # type: ignore[index]
    assert sorted(told) == ["serve", "serve", "serve", "work", "work"]
    assert set(told) <= set(commands)


def test_every_setting_that_is_made_there_is_one_of_ours() -> None:
    told = set(re.findall(r"^ +([A-Z][A-Z_]+): ", read("compose.yaml"), re.MULTILINE)) - ELSEWHERE
    told |= {name for unit in UNITS for name in re.findall(r"^Environment=(\w+)=", read(unit), re.MULTILINE)}
    assert {"METRICS_PORT", "TOCSIN_PRODUCTION", "DATABASE_URL", "REDIS_URL"} == told
    assert {name.lower() for name in told} <= set(Settings.model_fields)


def test_each_container_is_asked_at_its_own_port_whether_it_is_ready() -> None:
    [port] = re.findall(r'METRICS_PORT: "(\d+)"', read("compose.yaml"))
    assert f"http://127.0.0.1:{port}/readyz" in read("compose.yaml")
