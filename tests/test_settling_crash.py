"""Promises about a process that is killed between taking a delivery and keeping the carrier's answer: a real one, really killed."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from stage.carrier import Carrier, open_carrier
from stage.cast import ACCOUNT, draft, found_town, send_now, settle_citizens
from stage.house import SECRET, TOKEN
from stage.office import pass_time
from stage.polling import until

from tocsin.crashes import EXIT_CODE, CrashPoint
from tocsin.database import get_database
from tocsin.identifiers import expose
from tocsin.lost import ORPHAN_SECONDS
from tocsin.records.communications import Communication, Delivery
from tocsin.words import CommunicationState, Handling

SERVE = [sys.executable, "-c", "from tocsin_server.cli import main; main()", "serve"]
CITIZENS = 24


def start(database_url: str, carrier: Carrier, port: int, directory: Path, **more: str) -> "subprocess.Popen[bytes]":
    settings = {
        "DATABASE_URL": database_url,
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TOCSIN_SECRET": SECRET,
        "TOCSIN_DATA_DIR": str(directory),
        "TOCSIN_SPEED": "600",
        "TOCSIN_LOG_LEVEL": "error",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_BASE_URL": carrier.url,
        "TWILIO_FROM": "+14185550100",
        "TWILIO_MESSAGES_PER_SECOND": "400",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "TOCSIN_"))}
    return subprocess.Popen(SERVE, env={**inherited, **settings, **more})


async def wait_for_end(process: "subprocess.Popen[bytes]") -> int:
    return await asyncio.to_thread(process.wait, 60)


def choose_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.parametrize("point", [CrashPoint.TAKEN, CrashPoint.ANSWERED])
async def test_what_a_killed_process_had_in_hand_goes_out_once(
    database: str, tmp_path: Path, point: CrashPoint
) -> None:
    async with open_carrier(600, silent=0.5) as carrier:
        await settle_citizens(town := await found_town(), CITIZENS)
        communication = await draft(town)
        await send_now(communication)
        port = choose_port()
        killed = start(database, carrier, port, tmp_path, TOCSIN_CRASH_AT=point.value)
        assert await wait_for_end(killed) == EXIT_CODE
        left = [each.id for each in await Delivery.filter(handling=Handling.SENDING, lost_at=None)]
        accepted = await carrier.count_accepted()
        assert left
        assert bool(accepted) is (point is CrashPoint.ANSWERED)
        # As if minutes had passed: the dead one's leases are over, and what it had in hand is known to be an orphan.
        await get_database().execute_query("UPDATE due SET leased_until = NULL, announced_until = NULL")
        await pass_time(ORPHAN_SECONDS + 1)
        survivor = start(database, carrier, port, tmp_path)
        try:
            await wait_until_completed(communication)
        finally:
            survivor.terminate()
            await wait_for_end(survivor)
        accepted = await carrier.count_accepted()
        deliveries = await Delivery.filter(communication_id=communication.id)
    assert {each.handling for each in deliveries} == {Handling.TAKEN}
    assert set(accepted.values()) == {1}
    assert {expose("delivery", key) for key in left} - set(accepted) == refused(left, deliveries)


def refused(left: list[UUID], deliveries: list[Delivery]) -> set[str]:
    """Those in hand whose number the carrier does not take at all: the simulator's opted-out ones."""
    return {expose("delivery", each.id) for each in deliveries if each.id in left and each.error_code == "21610"}


async def wait_until_completed(communication: Communication) -> None:
    await until(lambda: Communication.filter(id=communication.id, state=CommunicationState.COMPLETED).count())
