"""A process whose clock is wrong: everything of ours that asks for the present instant is told another one."""

import sys
from datetime import timedelta

SHIFTED = """
import datetime, tocsin.times
true = tocsin.times.tell_time
tocsin.times.tell_time = lambda: true() + datetime.timedelta(seconds={seconds})
from tocsin_server.cli import main
main()
"""


def make_program(distance: timedelta) -> list[str]:
    """Return the program whose clock is so far ahead; what it imports later sees no other."""
    return [sys.executable, "-c", SHIFTED.format(seconds=distance.total_seconds())]
