"""Running the recount as a program of its own over what a test has staged. Imports the recount's file, not its code."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RECOUNT = str(Path(__file__).with_name("recount.py"))


async def list_violations(
    url: str, directory: Path, ledger: Sequence[Mapping[str, Any]], pictures: Sequence[Mapping[str, Any]] = ()
) -> list[str]:
    """Return what the recount finds, a line each; AssertionError where it could not count."""
    files = {"ledger.jsonl": ledger, "pictures.jsonl": pictures}
    for name, lines in files.items():
        (directory / name).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    command = [sys.executable, RECOUNT, url, *(str(directory / name) for name in files)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=120)
    assert done.returncode == bool(done.stdout), done.stderr
    return done.stdout.splitlines()
