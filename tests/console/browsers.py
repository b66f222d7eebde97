"""Which browser the end-to-end tests drive: the machine's, else Debian's where it may be installed. Imports playwright."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path

from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BRING = (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"])
PATIENCE = 420
# Nothing outside this machine is looked up, and nothing is drawn by a graphics card that may not be there.
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
]


@cache
def find_browser() -> tuple[str | None, str]:
    """Return the program and why there is none. Brings it where this process may, one process at a time."""
    found = look_around()
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        with alone():
            return (look_around() or bring()), "apt-get could not bring chromium; install chromium or chrome"
    return found, "there is no chromium or chrome on the PATH; install one"


def look_around() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def bring() -> str | None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in BRING:
        try:
            ended = subprocess.run(command, env=environment, capture_output=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            return None
        if ended.returncode:
            return None
    return look_around()


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other worker of the tests brings the browser."""
    with (Path(tempfile.gettempdir()) / "tocsin-browser.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@asynccontextmanager
async def open_browser(program: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=QUIET)
        try:
            yield browser
        finally:
            await browser.close()


if __name__ == "__main__":
    program, reason = find_browser()
    print(f"The page is tested with {program}." if program else f"The page is not tested in a browser: {reason}.")
