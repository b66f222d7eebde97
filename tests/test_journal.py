"""The promise that what is logged while a terminal shows a board stands above the board and does not tear it."""

import subprocess
import sys

PROGRAM = """
import logging, structlog
from io import StringIO
from rich.console import Console
from rich.live import Live
from tocsin_server.journal import open_journal

open_journal("warning")
paper = StringIO()
with Live("the board", console=Console(file=paper, force_terminal=True, width=200)):
    structlog.get_logger("tocsin").warning("ours")
    logging.getLogger("library").warning("theirs")
written = paper.getvalue()
assert 0 <= written.find("ours") < written.find("theirs") < written.rfind("the board"), written
"""


def test_a_warning_stands_above_the_board_and_not_in_it() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
