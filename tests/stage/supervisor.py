"""A supervisor as systemd is one: it holds the listening socket, hands it to web processes, and hears when they are ready."""

import asyncio
import signal
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from stage.processes import PROGRAM, Installation

READY_SECONDS, STOP_SECONDS = 60.0, 60.0


class Supervisor:
    """One address, whoever serves it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=2_048)
        self._ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._processes: list[subprocess.Popen[bytes]] = []
        self.port: int = self._listener.getsockname()[1]
        self.heard: list[str] = []

    def __enter__(self) -> Self:
        self._ear.bind(str(self._directory / "notify"))
        self._ear.setblocking(False)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        self._listener.close()
        self._ear.close()

    async def start(self, place: Installation, **more: str) -> "subprocess.Popen[bytes]":
        """Start a web process, and return once it says that it serves."""
        descriptor = self._listener.fileno()
        environment = {**place.environment, "NOTIFY_SOCKET": str(self._directory / "notify"), **more}
        with (self._directory / f"web-{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: ASYNC220 - started in no time
                [*PROGRAM, "serve", "--fd", str(descriptor)],
                env=environment, pass_fds=[descriptor], stdout=log, stderr=log,
            )  # fmt: skip
        self._processes.append(process)
        await self._hear("READY=1", READY_SECONDS)
        return process

    async def stop(self, process: "subprocess.Popen[bytes]") -> None:
        """Tell a process to stop, and wait for its end."""
        process.send_signal(signal.SIGTERM)
        await self._hear("STOPPING=1", STOP_SECONDS)
        assert await asyncio.to_thread(process.wait, STOP_SECONDS) == 0

    async def _hear(self, expected: str, seconds: float) -> None:
        said = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self._ear, 256), seconds)
        self.heard.append(said.decode())
        assert self.heard[-1] == expected
