"""Why a database can't be reached or used, and how to mend that: for whoever starts a process or asks. Imports database.

No sentence repeats what the driver says: that may hold a name, a password or an address.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from tortoise.exceptions import BaseORMException

from tocsin.database import UNREACHABLE
from tocsin.errors import ConfigurationError
from tocsin_server.findings import Finding

AWAY = "The database can't be reached"
REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)
"""What PostgreSQL says to a user, a password or a name that it doesn't like."""

CAUSES: tuple[tuple[type[BaseException], Finding], ...] = (
    (socket.gaierror, Finding(AWAY, "its host is not known here", "Correct the host in DATABASE_URL")),
    (ssl.SSLError, Finding(AWAY, "it doesn't agree on TLS", "Correct sslmode in DATABASE_URL, or its certificate")),
    (
        TimeoutError,
        Finding(AWAY, "nobody answers there", "Correct the host in DATABASE_URL, or open the way through the firewall"),
    ),
    (
        asyncpg.InvalidCatalogNameError,
        Finding(AWAY, "it has no database of that name", "Create it, or correct the name in DATABASE_URL"),
    ),
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        Finding(
            AWAY, "it refuses the user or the password", "Correct them in DATABASE_URL, or let them in in pg_hba.conf"
        ),
    ),
    (
        asyncpg.InsufficientPrivilegeError,
        Finding(
            "The database can't be used", "its user may not do all that Tocsin does", "Let the user own the database"
        ),
    ),
    (
        asyncpg.TooManyConnectionsError,
        Finding(AWAY, "no connection is left", "Raise max_connections; docs/deploy.md says by how much"),
    ),
    (
        asyncpg.LockNotAvailableError,
        Finding("The database is busy", "others hold what is needed for longer than 2 seconds", "Try again later"),
    ),
    (asyncpg.CannotConnectNowError, Finding(AWAY, "it is starting or stopping", "Wait, or look into its log")),
    (OSError, Finding(AWAY, "nobody listens there", "Start PostgreSQL, or correct host and port in DATABASE_URL")),
)
"""The first that fits is told."""


def find_cause(error: BaseException) -> Finding:
    """Return why a database can't be reached or used, by what was raised."""
    if isinstance(error, BaseORMException) and error.__cause__ is not None:
        error = error.__cause__
    for kind, finding in CAUSES:
        if isinstance(error, kind):
            return finding
    return Finding(AWAY, type(error).__name__, "Look into PostgreSQL's log, or correct DATABASE_URL")


@contextmanager
def reaching() -> Iterator[None]:
    """Turn a database that can't be reached or used into one sentence."""
    try:
        yield
    except (*UNREACHABLE, *REFUSED) as error:
        raise describe_failure(error) from None
    except BaseORMException as error:
        if not isinstance(error.__cause__, (*UNREACHABLE, *REFUSED)):
            raise
        raise describe_failure(error) from None


def describe_failure(error: BaseException) -> ConfigurationError:
    """Return the same as what ends a command."""
    found = find_cause(error)
    return ConfigurationError(f"{found.what}: {found.why}; {found.how[0].lower()}{found.how[1:]}.")
