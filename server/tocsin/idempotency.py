"""One mutation, one effect: the key that a client repeats gives the first answer again. Imports errors, identifiers, texts."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from tocsin.errors import Conflict
from tocsin.identifiers import make_id
from tocsin.texts import check_line

KEY_LENGTH = 200

# A second writer of the same key waits here until the first has committed or failed.
CLAIM = """
INSERT INTO idempotency_key (id, municipality_id, mutation, key, arguments, subject_id) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (municipality_id, mutation, key) DO NOTHING RETURNING subject_id"""

FIND = "SELECT arguments, subject_id FROM idempotency_key WHERE municipality_id = $1 AND mutation = $2 AND key = $3"


def digest_arguments(arguments: Mapping[str, Any]) -> str:
    """Return the same 64 characters for the same arguments, whatever their order by name."""
    plain = json.dumps(arguments, sort_keys=True, default=str)
    return hashlib.sha256(plain.encode()).hexdigest()


async def claim_key(
    connection: BaseDBAsyncClient,
    municipality_id: UUID,
    subject_id: UUID,
    *,
    mutation: str,
    key: str,
    arguments: Mapping[str, Any],
    field: str = "idempotencyKey",
) -> UUID:
    """Return the subject that this key belongs to: `subject_id` where the key is new, else the first answer's.

    Call it first in the transaction that does the work, which a failure then gives up together with the key.
    """
    checked = check_line(key, field=field, most=KEY_LENGTH)
    digest = digest_arguments(arguments)
    values = [make_id(), municipality_id, mutation, checked, digest, subject_id]
    if await connection.execute_query_dict(CLAIM, values):
        return subject_id
    first = (await connection.execute_query_dict(FIND, [municipality_id, mutation, checked]))[0]
    if first["arguments"] != digest:
        raise Conflict("This idempotency key was used with other arguments; take a new key.", field=field)
    return UUID(str(first["subject_id"]))
