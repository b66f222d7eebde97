"""Who is to be reached: the members of the groups given, else the category's subscribers. Imports nothing of ours."""

from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

NOBODY = UUID(int=0)

# Groups given: their members, each once, whatever their subscription. A citizen without a choice has every category.
AUDIENCE = """
FROM citizen c JOIN communication m ON m.id = $1 AND m.municipality_id = c.municipality_id
WHERE CASE WHEN EXISTS (SELECT FROM communication_group g WHERE g.communication_id = m.id)
  THEN EXISTS (SELECT FROM membership s JOIN communication_group g ON g.group_id = s.group_id
    WHERE g.communication_id = m.id AND s.citizen_id = c.id)
  ELSE EXISTS (SELECT FROM subscription s WHERE s.citizen_id = c.id AND s.category_id = m.category_id)
    OR NOT EXISTS (SELECT FROM subscription s WHERE s.citizen_id = c.id) END"""

NEXT = f"SELECT c.id {AUDIENCE} AND c.id > $2 ORDER BY c.id LIMIT $3"
COUNT = f"SELECT count(*) AS n {AUDIENCE}"


async def count_audience(connection: BaseDBAsyncClient, communication_id: UUID) -> int:
    """Return how many citizens a communication is for at this moment."""
    return int((await connection.execute_query_dict(COUNT, [communication_id]))[0]["n"])


async def list_audience(
    connection: BaseDBAsyncClient, communication_id: UUID, after: UUID | None, *, limit: int
) -> list[UUID]:
    """Return the next citizens in key order."""
    rows = await connection.execute_query_dict(NEXT, [communication_id, after or NOBODY, limit])
    return [row["id"] for row in rows]
