"""What the demonstration shows in a terminal: live counts with rich, plain lines without one. Imports records."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from tocsin.records.communications import Tally

INVITATION = "Watch it live in a browser: "


class Screen(Protocol):
    """Where the counts are shown."""

    def introduce(self, link: str, access: str) -> None: ...

    def show(self, tally: Tally, carriers: Mapping[str, Any]) -> None: ...


class Lines:
    """One plain line for each change, on standard error, so that standard output stays for the result."""

    def __init__(self) -> None:
        self._shown = -1

    def introduce(self, link: str, access: str) -> None:
        print(f"{INVITATION}{link}\n{access}", file=sys.stderr)

    def show(self, tally: Tally, carriers: Mapping[str, Any]) -> None:
        if tally.version == self._shown:
            return
        self._shown = tally.version
        print(
            f"version {tally.version}: {tally.contacted} contacted, {tally.in_progress} in progress,"
            f" {tally.not_contacted} not contacted of {tally.total}",
            file=sys.stderr,
        )


class Board:
    """Bars that move."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def introduce(self, link: str, access: str) -> None:
        self._live.console.print(f"{INVITATION}[bold]{link}[/bold]\n{access}", soft_wrap=True, highlight=False)

    def show(self, tally: Tally, carriers: Mapping[str, Any]) -> None:
        table = Table(title=f"Drill, version {tally.version}", title_justify="left")
        table.add_column("Citizens")
        table.add_column("", justify="right")
        table.add_column("", width=40)
        slices = (
            ("Contacted", tally.contacted, "green"),
            ("In progress", tally.in_progress, "yellow"),
            ("Not contacted", tally.not_contacted, "red"),
        )
        for label, count, style in slices:
            table.add_row(
                label, str(count), ProgressBar(total=max(tally.total, 1), completed=count, complete_style=style)
            )
        table.add_row("Total", str(tally.total), f"{carriers['acknowledged']} reports, {carriers['duplicates']} twice")
        self._live.update(table)


@contextmanager
def open_screen(*, quiet: bool) -> Iterator[Screen]:
    """Give bars where there is a terminal and somebody watches, else lines."""
    console = Console()
    if quiet or not console.is_terminal:
        yield Lines()
        return
    with Live(console=console, refresh_per_second=10) as live:
        yield Board(live)
