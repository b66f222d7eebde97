"""The servers that ours is measured beside: installed from their own lock, each started on the servers' core.

Imports console/build.py, which knows where node is.
"""

import asyncio
import importlib.util
import json
import subprocess
from pathlib import Path
from types import ModuleType

from cores import start_server

PEERS = Path(__file__).resolve().with_name("peers")
ROOT = PEERS.parent.parent
NAMES = ("mercurius", "graphql-ws", "raw")


def load_build() -> ModuleType:
    """Return the console's build, which is a file and no part of a package."""
    spec = importlib.util.spec_from_file_location("console_build", ROOT / "console" / "build.py")
    assert spec is not None, "the file is there"
    assert spec.loader is not None, "it is Python"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def install_peers() -> str:
    """Install what the lock names, unless it is there already; return node's program."""
    node, _ = load_build().install(PEERS)
    return str(node)


async def start_peer(node: str, name: str) -> tuple[asyncio.subprocess.Process, list[str]]:
    return await start_server(node, str(PEERS / f"{name}.mjs"))


def read_versions(node: str) -> dict[str, str]:
    """Return node's version and those that the lock gives the peers."""
    lock = json.loads((PEERS / "package-lock.json").read_text())["packages"]
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    packages = {name: lock[f"node_modules/{name}"]["version"] for name in ("mercurius", "fastify", "graphql-ws", "ws")}
    return {"node": told.removeprefix("v"), **packages, "graphql (node)": lock["node_modules/graphql"]["version"]}
