"""Who a token makes its bearer, and how it is revoked."""

import asyncio
from datetime import timedelta

import pytest
from tokens import HOUR, NOW, SETTINGS, claim, issue, refuse

from tocsin.database import get_database
from tocsin.errors import NotFound
from tocsin.identifiers import expose
from tocsin.principals import recognise_principal, revoke, still_valid
from tocsin.records.people import Municipality, Principal
from tocsin.words import Role
from tocsin_server.authentication import Authenticator, read_claims


@pytest.fixture
async def valmont(database: str) -> Municipality:
    return await Municipality.create(slug="valmont", name="Valmont")


async def test_a_municipality_may_be_named_by_its_id(valmont: Municipality) -> None:
    token = issue(municipality=expose("municipality", valmont.id))
    assert (await Authenticator(SETTINGS).authenticate(token, None, NOW)).municipality_id == valmont.id


async def test_the_same_subject_of_two_municipalities_is_two_principals(valmont: Municipality) -> None:
    await Municipality.create(slug="ailleurs", name="Ailleurs")
    authenticator = Authenticator(SETTINGS)
    here = await authenticator.authenticate(issue(), None, NOW)
    there = await authenticator.authenticate(issue(municipality="ailleurs"), None, NOW)
    assert here.principal_id != there.principal_id
    await revoke("ailleurs", "m.roy", NOW + HOUR / 2)
    assert await still_valid(here, NOW)
    assert not await still_valid(there, NOW)


async def test_a_principal_is_written_only_when_changed(valmont: Municipality) -> None:
    authenticator = Authenticator(SETTINGS)

    async def read_row_version() -> str:
        rows = await get_database().execute_query_dict("SELECT xmin::text AS version FROM principal")
        return "".join(str(row["version"]) for row in rows)

    first = await authenticator.authenticate(issue(), None, NOW)
    version = await read_row_version()
    await authenticator.authenticate(issue(), None, NOW)
    assert await read_row_version() == version
    changed = await authenticator.authenticate(issue(name="Manon Roy-Côté", role=Role.ADMIN), None, NOW)
    assert await read_row_version() != version
    assert changed.principal_id == first.principal_id
    principal = await Principal.get()
    assert (principal.name, principal.role) == ("Manon Roy-Côté", Role.ADMIN)


async def test_twenty_first_visits_at_once_make_one_principal(valmont: Municipality) -> None:
    authenticator = Authenticator(SETTINGS)
    viewers = await asyncio.gather(*(authenticator.authenticate(issue(), None, NOW) for _ in range(20)))
    assert len({viewer.principal_id for viewer in viewers}) == await Principal.all().count() == 1


@pytest.mark.parametrize("name", ["elsewhere", "VALMONT", "municipality-" + "0" * 32, "recipient-" + "0" * 32])
async def test_an_unknown_municipality_is_refused(valmont: Municipality, name: str) -> None:
    assert "municipality" in await refuse(Authenticator(SETTINGS), issue(municipality=name))
    assert await Principal.all().count() == 0


async def test_a_revoked_token_is_refused_and_a_new_one_is_not(valmont: Municipality) -> None:
    authenticator = Authenticator(SETTINGS)
    viewer = await authenticator.authenticate(issue(), None, NOW)
    assert await still_valid(viewer, NOW)
    revoked_at = NOW + timedelta(microseconds=1)
    await revoke("valmont", "m.roy", revoked_at)
    assert not await still_valid(viewer, NOW)
    assert "revoked" in await refuse(authenticator, issue(name="Renamed"))
    assert (await Principal.get()).name == "Manon Roy"
    renewed = await authenticator.authenticate(issue(now=revoked_at), None, revoked_at)
    assert await still_valid(renewed, revoked_at)


async def test_a_revocation_never_goes_back_and_is_for_one_subject(valmont: Municipality) -> None:
    await revoke("valmont", "m.roy", NOW + HOUR)
    await revoke("valmont", "m.roy", NOW - HOUR)
    assert (await Principal.get()).epoch == NOW + HOUR
    assert "revoked" in await refuse(Authenticator(SETTINGS), issue())
    assert await Authenticator(SETTINGS).authenticate(issue(subject="j.roy"), None, NOW)


async def test_a_subject_can_be_revoked_before_the_first_visit(valmont: Municipality) -> None:
    await revoke(expose("municipality", valmont.id), "x" * 255, NOW + HOUR)
    assert "revoked" in await refuse(Authenticator(SETTINGS), issue(subject="x" * 255))


async def test_a_revocation_in_an_unknown_municipality_is_told(valmont: Municipality) -> None:
    with pytest.raises(NotFound):
        await revoke("elsewhere", "m.roy", NOW)


async def test_a_viewer_ends_with_the_token_or_with_the_principal(valmont: Municipality) -> None:
    viewer = await recognise_principal(read_claims(claim(), NOW))
    assert await still_valid(viewer, viewer.expires_at - timedelta(microseconds=1))
    assert not await still_valid(viewer, viewer.expires_at)
    await Principal.all().delete()
    assert not await still_valid(viewer, NOW)
