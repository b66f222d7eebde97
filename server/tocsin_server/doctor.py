"""What is wrong with a set-up, why it matters and how to mend it: one line each. Imports settings and doctor_database.

Nothing here changes anything, and no line holds a secret or a person.
"""

import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tocsin.errors import ConfigurationError
from tocsin.settings import Settings, check_service, is_email_set_up, is_loopback
from tocsin_graphql.documents import TrustedDocuments
from tocsin_graphql.schema import build_schema
from tocsin_server.doctor_database import look_at_database
from tocsin_server.documents import open_documents
from tocsin_server.findings import Finding, Findings, explain

OLDEST_REDIS = (6, 2)
REDIS_SECONDS = 3
REDIS_LOST = "pictures are a second late, and workers don't share work"
MEGABYTE = 1_000_000
WORKBOOKS_ROOM, DATABASE_ROOM = 250 * MEGABYTE, 3_000 * MEGABYTE
"""Free space that a few large workbooks need, and a database of our own with its log."""


async def examine(settings: Settings, database_url: str | None) -> list[Finding]:
    """Return all that is found, faults first; without a URL the database is left out."""
    found = [*look_at_settings(settings), *look_at_folder(settings), *look_at_documents(settings)]
    found += [finding async for finding in look_at_redis(settings)]
    if database_url is not None:
        found += [finding async for finding in look_at_database(settings, database_url)]
    return sorted(found, key=lambda finding: not finding.fault)


def look_at_settings(settings: Settings) -> list[Finding]:
    """What the settings themselves tell."""
    found = []
    try:
        check_service(settings)
    except ConfigurationError as error:
        found.append(explain(error))
    public = urlsplit(settings.public_url)
    if is_loopback(public.hostname or "") and settings.twilio_base_url.startswith("https://api.twilio.com"):
        why = "carriers can't reach it, so that no report ever arrives"
        found.append(
            Finding("PUBLIC_URL leads to this machine", why, "Set it to the address that the internet reaches")
        )
    elif public.scheme == "http" and not is_loopback(public.hostname or ""):
        why = "reports and tokens travel in the clear"
        found.append(Finding("PUBLIC_URL is not https", why, "Put a proxy with TLS before the web processes"))
    if not settings.twilio_from:
        found.append(
            Finding("There are no calls", "TWILIO_FROM is not set", "Set it to a number of the account", fault=False)
        )
    if not is_email_set_up(settings):
        how = "Set SES_* and SNS_* as docs/amazon.md says"
        found.append(Finding("There is no e-mail", "Amazon is not set up", how, fault=False))
    return found


def look_at_documents(settings: Settings) -> list[Finding]:
    """Whether strangers may ask what they like, and see the schema."""
    found = []
    if not settings.in_production:
        how = "Leave TOCSIN_PRODUCTION out, or set it to 1, where others reach this server"
        found.append(Finding("The API shows its schema", "this is no production", how, fault=False))
    try:
        documents = open_documents(settings, build_schema())
    except ConfigurationError as error:
        return [*found, explain(error)]
    if isinstance(documents, TrustedDocuments):
        what, why = f"Only {len(documents)} trusted documents run", "GRAPHQL_TRUSTED_DOCUMENTS is set"
        found.append(Finding(what, why, "Leave it out to run any", fault=False))
    else:
        why = "GRAPHQL_TRUSTED_DOCUMENTS is not set"
        found.append(Finding("Any document may run", why, "Set it as docs/deploy.md says to lock the API", fault=False))
    return found


def look_at_folder(settings: Settings) -> list[Finding]:
    """Whether there is room where workbooks are written, and where a database of our own lies."""
    own = settings.database_url is None
    use = "the database lies there" if own else "workers write workbooks there"
    folder = find_folder(settings.tocsin_data_dir)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        how = "Set it to a folder in which the user of the processes may write"
        return [Finding("TOCSIN_DATA_DIR can't be written", use, how)]
    free, needed = shutil.disk_usage(folder).free, DATABASE_ROOM if own else WORKBOOKS_ROOM
    if free < needed:
        what = f"TOCSIN_DATA_DIR has {free // MEGABYTE} MB left"
        why = f"{use}, and {needed // MEGABYTE} MB are the least that lasts"
        return [Finding(what, why, "Make room, or set it to a folder on another disk")]
    return []


def find_folder(wanted: Path) -> Path:
    """Return the folder itself, or the nearest one above that is there: the rest will be made."""
    absolute = wanted.absolute()
    return next(place for place in (absolute, *absolute.parents) if os.path.lexists(place))


async def look_at_redis(settings: Settings) -> Findings:
    """Whether Redis answers and is young enough."""
    if settings.redis_url is None:
        return
    try:
        client = Redis.from_url(settings.redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
        async with client:
            about: dict[str, Any] = await client.info("server")
    except ValueError:
        return  # it is no URL, which the settings have told
    except (RedisError, OSError) as error:
        yield find_redis_cause(error)
        return
    version = str(about.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS:
        yield Finding(f"Redis is version {version}", "6.2 is the oldest that is tried", "Install a newer one")


def find_redis_cause(error: Exception) -> Finding:
    """Return why Redis can't be used, by what was raised."""
    if isinstance(error, AuthenticationError):
        return Finding("Redis refuses the user or the password", REDIS_LOST, "Correct them in REDIS_URL")
    if isinstance(error, ResponseError):
        how = "Correct the user's rights or the number of the database in REDIS_URL"
        return Finding("Redis refuses to be used", REDIS_LOST, how)
    if isinstance(error, RedisTimeoutError):
        how = "Correct the host in REDIS_URL, or open the way through the firewall"
        return Finding(f"Redis says nothing for {REDIS_SECONDS} seconds", REDIS_LOST, how)
    return Finding("Redis cannot be reached", REDIS_LOST, "Start it, or correct host and port in REDIS_URL")
