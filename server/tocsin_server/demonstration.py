"""The demonstration: a made-up town, the carriers' simulator, one drill, and the counts as they move. Loopback only."""

import asyncio
import json
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import uvicorn
import uvloop

from tocsin.consents import list_senders
from tocsin.database import migrate
from tocsin.embedded import EmbeddedPostgres
from tocsin.identifiers import expose
from tocsin.records.communications import Communication, Tally, Wave
from tocsin.settings import Settings, read_settings
from tocsin.times import tell_time
from tocsin.words import CommunicationState, Role
from tocsin_server.authentication import issue_token
from tocsin_server.drill import SLUG, send_drill, settle_town
from tocsin_server.journal import open_journal
from tocsin_server.prepared_sockets import choose_sockets
from tocsin_server.recount import recount
from tocsin_server.screen import Screen, open_screen
from tocsin_server.serving import make_server

ACCOUNT = "AC" + "7" * 32
KEY = "AKIA" + "7" * 16
EVENTS = "/webhooks/ses"


@dataclass(frozen=True, slots=True)
class Drill:
    """What the demonstration is asked for."""

    once: bool
    citizens: int
    speed: float
    seed: int
    confirmed: bool = False
    duplicates: float = 0.01
    shuffle: bool = False
    early: float = 0.0
    lost_answers: float = 0.0

    @property
    def knobs(self) -> list[str]:
        """What the simulator is turned to, as its command line says it."""
        shares = {"duplicates": self.duplicates, "early": self.early, "lost-answers": self.lost_answers}
        numbers = {"seed": self.seed, "speed": self.speed, **shares}
        spelled = [part for name, number in numbers.items() for part in (f"--{name}", str(number))]
        return [*spelled, "--shuffle"] if self.shuffle else spelled


def run(drill: Drill) -> None:
    """Run the demonstration to its end, or until it is interrupted."""
    open_journal("warning")
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o755)
        postgres = EmbeddedPostgres(Path(directory))
        url = postgres.start()
        try:
            asyncio.run(migrate(url))
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(demonstrate(drill, url, Path(directory)))
        except KeyboardInterrupt:
            print("Stopped.")
        finally:
            postgres.stop()


async def demonstrate(drill: Drill, database_url: str, directory: Path) -> None:
    """Start simulator and server, send the drill, show it, and say how it ended."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2_048)
    token = secrets.token_hex(16)
    async with open_carriers(drill, token) as start, httpx2.AsyncClient(base_url=start["twilioBaseUrl"]) as carriers:
        settings = choose_settings(drill, start, listener.getsockname()[1], token, directory=directory)
        server = make_server(settings, database_url, working=True, sockets=await choose_sockets())
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await wait_until_started(server, serving)
        await settle_town(drill.citizens, directory, senders=list_senders(settings))
        bearer = make_token(settings)
        await carriers.post("/simulator/subscribe", json={"url": f"{settings.public_url}{EVENTS}"}, timeout=30)
        communication_id = await send_drill(
            f"{settings.public_url}/graphql", f"Bearer {bearer}", confirmed=drill.confirmed
        )
        with open_screen(quiet=drill.once) as screen:
            link = make_link(settings.public_url, communication_id, bearer)
            screen.introduce(link, describe_access(bearer, communication_id))
            await watch(communication_id, carriers, screen)
        print(json.dumps(await conclude(communication_id, carriers, confirmed=drill.confirmed)))
        if not drill.once:
            print("The drill is over; the server goes on until you press Ctrl+C.")
            await serving
        server.should_exit = True
        await serving


async def wait_until_started(server: uvicorn.Server, serving: "asyncio.Task[None]") -> None:
    """Return once the server listens; a server that cannot start ends us with its own exit code."""
    while not server.started:
        if serving.done():
            await serving
        await asyncio.sleep(0.01)


@asynccontextmanager
async def open_carriers(drill: Drill, token: str) -> AsyncIterator[dict[str, Any]]:
    """Run the simulator as a process of its own, which ends with us; return where and as whom it can be reached."""
    account = (
        "--account-sid",
        ACCOUNT,
        "--auth-token",
        token,
        "--aws-access-key-id",
        KEY,
        "--aws-secret-access-key",
        token,
    )
    process = subprocess.Popen(  # noqa: ASYNC220, S603 - our own program, started in no time
        [sys.executable, "-m", "tocsin_carriers", "--follow-parent", *account, *drill.knobs],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None, "it was asked for"
        line = await asyncio.to_thread(process.stdout.readline)
        yield json.loads(line)
    finally:
        process.terminate()
        await asyncio.to_thread(process.communicate)


def choose_settings(drill: Drill, start: Mapping[str, Any], port: int, token: str, *, directory: Path) -> Settings:
    """Return settings that reach nothing but this machine."""
    return read_settings(
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        tocsin_secret=secrets.token_hex(32),
        tocsin_data_dir=directory,
        tocsin_production=False,
        graphql_trusted_documents=None,
        tocsin_speed=drill.speed,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=token,
        twilio_base_url=start["twilioBaseUrl"],
        twilio_from="+14185550100",
        twilio_messages_per_second=max(50.0, 20 * drill.speed),
        twilio_calls_per_second=max(50.0, 20 * drill.speed),
        ses_region=start["region"],
        ses_from="alertes@sainte-rive.test",
        ses_configuration_set="tocsin",
        ses_endpoint_url=start["sesEndpointUrl"],
        ses_messages_per_second=max(50.0, 20 * drill.speed),
        sns_topic_arns=start["topicArn"],
        sns_endpoint_url=start["snsEndpointUrl"],
        sns_cert_origins=start["certificateOrigin"],
        aws_access_key_id=KEY,
        aws_secret_access_key=token,
    )


def make_token(settings: Settings) -> str:
    """Return a token of the town's administrator, good for a day."""
    return issue_token(
        settings, municipality=SLUG, subject="demo", name="Demo", role=Role.ADMIN, now=tell_time(), lifetime=timedelta(days=1)
    )  # fmt: skip


def make_link(public_url: str, communication_id: UUID, bearer: str) -> str:
    """Return the address at which the console shows the live statistics at once; a fragment is never sent to a server."""
    return f"{public_url}/communications/{expose('communication', communication_id)}/statistics#token={bearer}"


def describe_access(bearer: str, communication_id: UUID) -> str:
    """Return what a client sends first on a socket at /graphql, and a subscription to paste."""
    query = f'subscription {{ statistics(communicationId: "{expose("communication", communication_id)}")'
    greeting = json.dumps({"authorization": f"Bearer {bearer}"})
    return f"connection_init: {greeting}\n{query} {{ version total contacted inProgress notContacted }} }}"


async def watch(communication_id: UUID, carriers: httpx2.AsyncClient, screen: Screen) -> None:
    """Show the counts until the communication is over and the carriers owe nothing."""
    over = False
    while not over:
        tally = await Tally.get_or_none(communication_id=communication_id)
        state = (await carriers.get("/simulator/state")).json()
        if tally is not None:
            screen.show(tally, state)
        communication = await Communication.get(id=communication_id)
        over = communication.state is CommunicationState.COMPLETED and state["owed"] == 0
        await asyncio.sleep(0.2)


async def list_waves(communication_id: UUID) -> list[Wave]:
    return await Wave.filter(communication_id=communication_id).order_by("ordinal")


async def conclude(communication_id: UUID, carriers: httpx2.AsyncClient, *, confirmed: bool) -> dict[str, object]:
    """Return the final statistics, the recount from the carriers' ledger, and what the carriers counted."""
    tally = await Tally.get(communication_id=communication_id)
    ledger = (await carriers.get("/simulator/ledger", timeout=60)).text.splitlines()
    return {
        "total": tally.total,
        "contacted": tally.contacted,
        "inProgress": tally.in_progress,
        "notContacted": tally.not_contacted,
        "version": tally.version,
        "waves": [f"{wave.kind.value} {wave.number}" for wave in await list_waves(communication_id)],
        "recount": await recount(communication_id, map(json.loads, ledger), confirmation_required=confirmed),
        "carriers": (await carriers.get("/simulator/state")).json(),
    }
