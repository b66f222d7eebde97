"""The list of a municipality's citizens, and the words that they are found by. Imports people, search and walks."""

from collections.abc import Iterable
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.pages import CursorCodec, Order, Page, PageRequest, make_page
from tocsin.people import CitizenRow, read_citizen
from tocsin.search import WordIndex, fold_address, keep_words, make_query, split_search
from tocsin.transactions import hold_snapshot
from tocsin.walks import Walk, count_passing, read_rows

BY_LAST_NAME = Order("last name", (("r.last_name_key", "text"), ("r.first_name_key", "text"), ("r.id", "uuid")))
COLUMNS = "r.id, r.first_name, r.last_name, r.locale, r.modified_at"
CITIZEN_WORDS = WordIndex("citizen_search", "citizen_id")

ADDRESSES = f"(SELECT string_agg({fold_address('p.address')}, ' ') FROM contact_point p WHERE p.citizen_id = c.id)"
WORDS = keep_words("c.municipality_id", "c.first_name_key", "c.last_name_key", ADDRESSES)
FILL = f"INSERT INTO citizen_search (citizen_id, words) SELECT c.id, {WORDS} FROM citizen c"
REFRESH = f"""{FILL} WHERE c.id = ANY($1::uuid[]) ORDER BY c.id
ON CONFLICT (citizen_id) DO UPDATE SET words = excluded.words WHERE citizen_search.words <> excluded.words"""


async def refresh_citizen_words(connection: BaseDBAsyncClient, citizens: Iterable[UUID]) -> None:
    """Let these citizens be found by what they are called and reached by now; whoever has changed that calls it last.

    It belongs into the transaction of the change.
    """
    if keys := sorted(set(citizens)):
        await connection.execute_query(REFRESH, [keys])


async def list_citizens(
    municipality_id: UUID, search: str | None, *, request: PageRequest, key: bytes
) -> Page[CitizenRow]:
    """Return a page of the citizens by last name, then first name; with a search, of those whom it finds."""
    codec = CursorCodec(key, f"citizens/{municipality_id}/{BY_LAST_NAME.name}")
    after = codec.decode(request.after) if request.after is not None else None
    walk = plan_citizens(municipality_id, search)
    async with hold_snapshot() as connection:
        total = await count_passing(connection, walk) if request.counted else None
        found = await read_rows(connection, walk, after, need=request.first + 1)
    rows = [(walk.order.locate(row), read_citizen(row)) for row in found]
    return make_page(rows, request, codec=codec, total=total)


def plan_citizens(municipality_id: UUID, search: str | None) -> Walk:
    """Return the walk to those whom a search finds, without one to all."""
    walk = Walk(COLUMNS, "citizen r", BY_LAST_NAME, "r.municipality_id = $1", [municipality_id])
    if words := split_search(search, field="search"):
        walk.demand_words(CITIZEN_WORDS, make_query(municipality_id, words))
    return walk
