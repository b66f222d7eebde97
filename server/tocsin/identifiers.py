"""Keys and the ids that clients see: a UUIDv7 made by us, and `<type>-<hex>` outside. Imports errors only."""

import re
from uuid import UUID

from uuid_utils.compat import uuid7

from tocsin.errors import NotFound

PUBLIC_ID = re.compile(r"([a-z]+(?:-[a-z]+)*)-([0-9a-f]{32})", re.ASCII)

NEW_KEY = """encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING substring(
    int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid"""
"""The SQL of a new UUIDv7, for statements that make many rows; PostgreSQL has one of its own from 18 only."""


def make_id() -> UUID:
    """Return a new key that sorts by the instant of its making."""
    return uuid7()


def expose(kind: str, key: UUID) -> str:
    """Return the id that a client sees: letters, digits and `-` only, so that URLs and tags carry it as it is."""
    return f"{kind}-{key.hex}"


def recognise(text: str) -> tuple[str, UUID] | None:
    """Return type and key of a client's id, or nothing where it cannot be one."""
    found = PUBLIC_ID.fullmatch(text)
    return (found[1], UUID(found[2])) if found else None


def resolve(kind: str, text: str) -> UUID:
    """Return the key of a client's id of that type; NOT_FOUND, in the same words, for whatever else."""
    found = recognise(text)
    if found is None or found[0] != kind:
        raise NotFound("There is nothing with this id in your municipality; check the id.")
    return found[1]
