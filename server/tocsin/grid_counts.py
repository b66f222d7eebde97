"""How many rows of a grid pass a filter, where the communication's counters know it. Imports grid and words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.grid import GridFilter
from tocsin.words import Channel, Outcome

COUNTS = """
SELECT t.version, t.contacted, t.in_progress, t.not_contacted, t.counts::text AS cells
FROM tally t JOIN communication c ON c.id = t.communication_id WHERE c.municipality_id = $1 AND c.id = $2"""


@dataclass(frozen=True, slots=True)
class GridCounts:
    """The counters of one moment: recipients by outcome, and by the cell of each channel (see tocsin.outcome)."""

    version: int
    slices: Mapping[Outcome, int]
    cells: Mapping[int, int]

    def count_slices(self, chosen: GridFilter) -> int:
        """Return how many recipients have one of the outcomes that pass."""
        return sum(self.slices[outcome] for outcome in chosen.slices)

    def count(self, chosen: GridFilter) -> int | None:
        """Return how many rows pass; nothing where only the rows themselves can tell."""
        if chosen.words:
            return None
        if chosen.channel is None and chosen.statuses is None:
            return self.count_slices(chosen)
        # A recipient has one cell a channel: whoever passes by two channels would be counted twice.
        if len({status.channel for status in chosen.statuses or ()}) > 1 or len(chosen.slices) < len(Outcome):
            return None
        return sum(number for cell, number in self.cells.items() if passes(cell, chosen))


def passes(cell: int, chosen: GridFilter) -> bool:
    """Whether recipients with this cell pass the filter's channel and statuses."""
    if chosen.statuses is not None:
        return cell % 1000 in {int(status) for status in chosen.statuses}
    return Channel(cell % 1000 // 100) is chosen.channel


async def read_counts(
    connection: BaseDBAsyncClient, municipality_id: UUID, communication_id: UUID
) -> GridCounts | None:
    """Return the counters; nothing where it has not been sent or is another municipality's."""
    rows = await connection.execute_query_dict(COUNTS, [municipality_id, communication_id])
    if not rows:
        return None
    [row] = rows
    slices = {outcome: row[outcome.name.lower()] for outcome in Outcome}
    return GridCounts(row["version"], slices, {int(cell): number for cell, number in json.loads(row["cells"]).items()})
