"""What following costs in memory: an idle subscription, and one that has been told of a million changes.

`python bench/memory.py --subscriptions 2000 --events 1000000`. The server is a process of its own; its sockets are what
fanout.py's are. For the events one group is told of changes as fast as it takes them, without a socket: what is kept for
each event would be kept by the group's execution, its members or its frames. At most `--seconds` are spent on them.
"""

import argparse
import gc
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

import uvloop
from broadcaster import Broadcast
from cores import start_server, stop_server
from fanout_crowd import Crowd, gather_crowd
from fanout_server import open_groups, run_server, set_scene
from ground import allow_sockets, make_database, run_postgres
from table import Row, give

from tocsin.database import get_database, open_database
from tocsin.identifiers import expose
from tocsin.live.changes import Change
from tocsin.pictures import read_tally
from tocsin.viewers import Viewer
from tocsin_graphql.execution import Execution
from tocsin_graphql.members import Frame, Member
from tocsin_graphql.newest_groups import do_without
from tocsin_graphql.outlets import Outlet
from tocsin_graphql.view import View

WARM = 1_000
IDLE = 32
"""Kilobytes at most."""
GROWTH = 1.01
"""The same, but for what an allocator rounds up."""
DOCUMENT = "subscription { statistics(communicationId: $id) { version contacted } }"
"""As small as one that is told of every change: what an event leaves behind is no question of how much it says."""
PAGE = resource.getpagesize()


def read_memory(pid: int | str = "self") -> int:
    """Return a process's resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


async def measure_idle(database_url: str, size: int) -> Row:
    """Return what each of so many idle subscriptions adds to the server."""
    server, (port, key, _) = await start_server(sys.executable, __file__, "--serve", database_url)
    crowd = Crowd("groups", key)
    first = await gather_crowd(crowd, int(port), size // 10)
    before = read_memory(server.pid)
    rest = await gather_crowd(crowd, int(port), size)
    grown = read_memory(server.pid) - before
    for transport in (*first, *rest):
        transport.abort()
    await stop_server(server)
    name = f"memory of an idle subscription with its socket, of {size:,}"
    return Row(name, grown / size / 1024, "kB", target=IDLE, most=True)


class Following:
    """One subscription's execution with a member and its outlet, told of one change after another."""

    def __init__(self, view: View, viewer: Viewer, change: Change) -> None:
        query = DOCUMENT.replace("$id", f'"{expose("communication", change.picture.communication_id)}"')
        plan = view.admission.plans.find(query, None)
        self.execution = Execution(view.schema, plan, {}, lambda: view.services.make_context(viewer))
        self._change = change
        self._member = Member(viewer, cumulative=False, catch_up=do_without)
        self._outlet = Outlet("1", self._member, self._send)
        self.sent = 0

    async def begin(self) -> None:
        await self._outlet.open(None)

    async def tell(self, events: int) -> None:
        for _ in range(events):
            version = self.sent + 2
            change = replace(self._change, picture=replace(self._change.picture, version=version))
            self._member.offer(Frame(version, await self.execution.run(change)))

    async def _send(self, text: str) -> None:
        self.sent += 1


async def measure_events(database_url: str, events: int, seconds: float) -> Row:
    """Return how much larger this process is after many events than after the first thousand."""
    async with open_database(database_url), Broadcast("memory://") as broadcast:
        scene = await set_scene()
        picture = await read_tally(get_database(), scene.communications["groups"])
        assert picture is not None, "it has been sent"
        async with open_groups(scene, broadcast) as (view, _):
            viewer = await view.services.authenticate(None, None, picture.sent_at)
            following = Following(view, viewer, Change(picture, picture.version))
            await following.begin()
            await following.tell(WARM)
            gc.collect()
            before, began = read_memory(), time.monotonic()
            while following.sent < events and time.monotonic() - began < seconds:
                await following.tell(WARM)
            gc.collect()
            after = read_memory()
            await following.execution.close()
    print(
        f"{following.sent:,} events: {(after - before) / 1024:+.0f} kB, {(after - before) / following.sent:.3f} bytes each"
    )
    name = f"resident memory after a subscription's {following.sent:,} events"
    return Row(name, after / 2**20, "MB", after / before, f"after {WARM:,}", GROWTH, most=True)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=2_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--serve", metavar="DATABASE_URL", help=argparse.SUPPRESS)
    return parser


def main() -> None:
    chosen = make_parser().parse_args()
    allow_sockets()
    if chosen.serve:
        uvloop.run(run_server(chosen.serve))
        return
    with run_postgres() as postgres:
        idle = uvloop.run(measure_idle(make_database(postgres, "idle"), chosen.subscriptions))
        grown = uvloop.run(measure_events(make_database(postgres, "events"), chosen.events, chosen.seconds))
    give([idle, grown])


if __name__ == "__main__":
    main()
