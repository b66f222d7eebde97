"""The promise of a full disk: a workbook says that it failed, reports are asked to come again; nothing acknowledged is lost."""

import asyncio
import os
import random
import resource
import subprocess
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from exports.clerk import FIND, STATISTICS
from faults.crowd import rest
from faults.ground import Scene, open_cluster, stage_scene
from faults.recounting import list_violations
from faults.storm import Storm, describe_ledger
from faults.theatre import Server, choose_port
from stage.house import choose_settings
from stage.polling import until

from tocsin.identifiers import expose

NOWHERE = "http://127.0.0.1:9"
ROOM = 4_096
"""Bytes that no file may exceed: less than any workbook."""

DISK = "110m"
LEFT = 64 * 1024


async def test_a_workbook_for_which_there_is_no_room_fails_clearly_and_is_made_once_there_is(
    database: str, tmp_path: Path
) -> None:
    scene = await stage_scene(200)
    server = Server(choose_port(), database, NOWHERE, tmp_path, output=subprocess.DEVNULL)
    process = server.start()
    try:
        await server.wait_until_ready()
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))
        failed = await export(server, scene)
        assert failed["state"] == "FAILED"
        assert "ask" in failed["error"].lower() or "demand" in failed["error"].lower(), failed
        assert not list((tmp_path / "exports").rglob("*.xlsx")), "Nobody's names may be left behind."
        await acknowledge(server, scene)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert (await export(server, scene))["state"] == "READY"
    finally:
        await server.stop()


async def export(server: Server, scene: Scene) -> dict[str, Any]:
    """Ask for a workbook, and return what has become of it."""
    headers = {"Authorization": f"Bearer {scene.bearer}"}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers, trust_env=False, timeout=30) as client:

        async def ask(query: str, key: str) -> dict[str, Any]:
            answer = await client.post("/graphql", json={"query": query, "variables": {"id": key}})
            found: dict[str, Any] = answer.json()["data"]["export"]
            return found

        key = (await ask(STATISTICS, expose("communication", scene.communication.id)))["id"]
        found: dict[str, Any] = {}

        async def is_over() -> bool:
            found.update(await ask(FIND, key))
            return found["state"] in ("READY", "FAILED")

        await until(is_over, seconds=60)
        return found


async def acknowledge(server: Server, scene: Scene) -> None:
    """Reports go on while no file can be written."""
    storm = Storm([server.port], choose_settings(server.port), deque(scene.write_reports(random.Random(6))[:20]))
    await storm.blow(4, seconds=60)
    assert storm.refused == 0


async def test_a_full_disk_under_postgres_puts_reports_off_and_loses_none(tmp_path: Path) -> None:
    with disk(tmp_path) as place:
        async with open_cluster(place) as (cluster, url):
            scene = await stage_scene(600)
            server = Server(choose_port(), url, NOWHERE, tmp_path)
            reports = scene.write_reports(random.Random(6))
            random.Random(6).shuffle(reports)
            server.start()
            try:
                await server.wait_until_ready()
                storm = Storm([server.port], choose_settings(server.port), deque(reports))
                fill(place)
                blowing = asyncio.create_task(storm.blow(16, seconds=90))
                await until(lambda: are_put_off(storm))
                kept = list(storm.acknowledged)
                (place / "ballast").unlink()
                if not await asyncio.to_thread(lambda: cluster.alive):
                    await asyncio.to_thread(cluster.revive)
                await blowing
                found = await list_violations(url, tmp_path, describe_ledger(storm.acknowledged, reports))
            finally:
                await rest(blowing)
                await server.stop()
    print(f"{len(reports)} reports, {len(kept)} kept before the disk was full, {storm.refused} put off, {found}")  # noqa: T201
    assert found == []
    assert len(storm.acknowledged) == len(reports)


@contextmanager
def disk(directory: Path) -> Iterator[Path]:
    """A small disk of its own, where this machine lets us have one."""
    place = directory / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "tocsin", place], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("Only root may mount a small disk, and not everywhere.")
    # PostgreSQL runs as another user, who has to reach it.
    for above in (directory, *directory.parents[:2]):
        above.chmod(0o755)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path) -> None:
    """Leave hardly anything of a disk."""
    found = os.statvfs(place)
    with (place / "ballast").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, found.f_bavail * found.f_frsize - LEFT)


async def are_put_off(storm: Storm) -> bool:
    return storm.refused > 20
