"""Promises about verifying an address: who may be asked how often, which code counts for how long, and what a wrong one does."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from schema.council import SECRET, Council, find_error, read_key, settle
from stage.asking import CONFIRM, PROFILE, RESEND, UPDATE
from stage.cast import ACCOUNT

from tocsin.database import get_database
from tocsin.due import Work
from tocsin.identifiers import expose, make_id
from tocsin.records.communications import Delivery
from tocsin.records.people import AuditEntry, ContactPoint, Verification
from tocsin.records.work import Due
from tocsin.times import tell_time
from tocsin.verification_limits import measure_allowance
from tocsin.verification_proofs import make_code
from tocsin.verifications import plan_verification
from tocsin.words import Channel, Handling

NUMBER = "+14185550142"
MINUTE = timedelta(minutes=1)
HAND_OVER = "UPDATE verification SET expires_at = now() + $2 * interval '1 second' WHERE id = $1"
NOON = datetime.fromisoformat("2026-11-25T12:00:00-05:00")


@dataclass
class Office:
    """An operator of a town, one citizen's points by kind, and a clock that a test may set."""

    council: Council
    citizen: str
    points: dict[str, str]
    instant: datetime = field(default_factory=tell_time)

    def __post_init__(self) -> None:
        self.council.tell_time = lambda: self.instant

    async def resend(self, channel: str = "SMS") -> dict[str, Any]:
        point = self.points["EMAIL" if channel == "EMAIL" else "PHONE"]
        answer = await self.council.get(RESEND, {"point": point, "channel": channel})
        found: dict[str, Any] = answer["resendVerification"]
        return found

    async def refuse(self, channel: str = "SMS", **given: Any) -> dict[str, Any]:
        result = await self.council.ask(RESEND, {"point": self.points["PHONE"], "channel": channel}, **given)
        return dict(find_error(result)["extensions"])

    async def hand_over(self, *, seconds: float = 900) -> str:
        """Let the newest verification go out, good for so long; return its code."""
        newest = await Verification.all().order_by("-requested_at").first()
        assert newest is not None
        await get_database().execute_query(HAND_OVER, [newest.id, seconds])
        return make_code(SECRET, newest.id)

    async def confirm(self, code: str) -> str:
        """Return the code of the error, or the instant since when the number is verified."""
        result = await self.council.ask(CONFIRM, {"point": self.points["PHONE"], "code": code})
        if result.errors:
            return str(find_error(result)["extensions"]["code"])
        assert result.data is not None
        return str(result.data["confirmVerification"]["verifiedAt"])


@pytest.fixture
async def office(sainte_rive: Council) -> Office:
    aline = await settle(sainte_rive, "Aline", "Tremblay", phone=NUMBER, email="aline@exemple.test")
    rows = await ContactPoint.filter(citizen_id=aline.id)
    points = {"EMAIL" if "@" in row.address else "PHONE": expose("contact-point", row.id) for row in rows}
    return Office(sainte_rive, expose("citizen", aline.id), points)


def differ(code: str) -> str:
    """Return six digits that are not these."""
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_a_verification_is_asked_for_and_planned_before_any_wave(office: Office) -> None:
    asked = (await office.resend("CALL"))["verification"]
    assert (asked["channel"], asked["status"], asked["attemptsToday"]) == ("CALL", None, 1)
    assert datetime.fromisoformat(asked["retryAt"]) == office.instant + MINUTE
    assert office.council.woken == ["woken"]
    [due] = await Due.filter(kind=Work.VERIFY)
    for _ in range(2):  # a second run of the same work plans nothing more
        await plan_verification(due.subject_id, dict.fromkeys(Channel, ACCOUNT))
    [delivery] = await Delivery.all()
    row: dict[str, Any] = vars(delivery)
    assert (row["verification_id"], row["communication_id"], row["recipient_id"]) == (due.subject_id, None, None)
    assert (delivery.handling, delivery.address, delivery.channel) == (Handling.PLANNED, NUMBER, Channel.CALL)
    assert await Due.filter(kind=Work.LANE).count() == 1
    [entry] = await AuditEntry.all()
    assert (entry.action, entry.subject_id, entry.detail) == ("resendVerification", office.points["PHONE"], "CALL")


async def test_the_code_verifies_the_number_once(office: Office) -> None:
    await office.resend()
    assert await office.confirm("123456") == "CONFLICT", "it has not gone out yet"
    code = await office.hand_over()
    assert datetime.fromisoformat(await office.confirm(f" {code[:3]}-{code[3:]} ")) == office.instant
    assert await office.confirm(code) == "CONFLICT"
    office.instant += timedelta(hours=1)
    assert (await office.refuse())["code"] == "CONFLICT"
    assert {entry.action for entry in await AuditEntry.all()} == {"resendVerification", "confirmVerification"}


async def test_the_fifth_wrong_code_makes_the_right_one_void(office: Office) -> None:
    await office.resend()
    code = await office.hand_over()
    for text in ("12345", "1234567", "abcdef", "١٢٣٤٥٦"):
        assert await office.confirm(text) == "BAD_INPUT", "what is no code is no try either"
    for _ in range(5):
        assert await office.confirm(differ(code)) == "BAD_INPUT"
    assert await office.confirm(code) == "CONFLICT"
    office.instant += MINUTE
    await office.resend()
    assert (await office.confirm(await office.hand_over()))[:2] == "20"


async def test_four_wrong_codes_leave_the_right_one_good(office: Office) -> None:
    await office.resend()
    code = await office.hand_over()
    for _ in range(4):
        assert await office.confirm(differ(code)) == "BAD_INPUT"
    assert (await office.confirm(code))[:2] == "20"


async def test_a_code_is_good_for_its_time_for_its_address_and_until_the_next_one(office: Office) -> None:
    await office.resend()
    assert await office.confirm(await office.hand_over(seconds=-1)) == "CONFLICT"
    first = await office.hand_over()
    office.instant += MINUTE
    await office.resend()
    second = await office.hand_over()
    assert await office.confirm(first) == "BAD_INPUT"
    mail = {"id": office.points["EMAIL"], "address": "aline@exemple.test", "channels": ["EMAIL"]}
    moved = {"id": office.points["PHONE"], "address": "+14185550199", "channels": ["SMS"]}
    given = {"citizenId": office.citizen, "contactPoints": [moved, mail]}
    changed = (await office.council.get(UPDATE, {"input": given}))["updateCitizen"]["contactPoints"]
    assert [point["verification"] for point in changed] == [None, None]
    assert await office.confirm(second) == "CONFLICT"
    assert (await ContactPoint.get(id=read_key(office.points["PHONE"]))).verified_at is None


async def test_at_most_one_a_minute_and_five_a_day_of_the_municipality(office: Office) -> None:
    office.instant = NOON
    await office.resend()
    office.instant += timedelta(seconds=59)
    refused = await office.refuse("CALL")
    assert (refused["code"], datetime.fromisoformat(refused["retryAt"])) == ("RATE_LIMITED", NOON + MINUTE)
    for minutes in range(1, 5):
        office.instant = NOON + minutes * MINUTE
        await office.resend()
    office.instant = NOON + timedelta(hours=11)
    refused = await office.refuse()
    midnight = datetime.fromisoformat("2026-11-26T00:00:00-05:00")
    assert (refused["code"], datetime.fromisoformat(refused["retryAt"])) == ("RATE_LIMITED", midnight)
    office.instant = midnight
    again = await office.resend()
    assert again["verification"]["channel"] == "SMS"


def test_the_day_is_the_municipalitys_and_the_minute_goes_over_midnight() -> None:
    midnight = datetime.fromisoformat("2026-11-01T00:00:00-04:00")  # a day of 25 hours
    before = [midnight - n * MINUTE for n in range(1, 6)]
    assert measure_allowance(before, "America/Toronto", midnight).attempts_today == 0
    close = measure_allowance([midnight - MINUTE / 2], "America/Toronto", midnight)
    assert (close.attempts_today, close.retry_at) == (0, midnight + MINUTE / 2)
    all_day = [midnight + n * 6 * 60 * MINUTE for n in range(5)]
    full = measure_allowance(all_day, "America/Toronto", midnight + timedelta(hours=24, minutes=59))
    assert (full.attempts_today, full.retry_at) == (5, datetime.fromisoformat("2026-11-02T00:00:00-05:00"))


async def test_what_cannot_be_sent_is_refused_with_the_field(office: Office) -> None:
    assert await office.refuse("EMAIL") == {"code": "BAD_INPUT", "field": "channel"}
    assert await office.refuse("CALL", usable=[Channel.SMS]) == {"code": "NOT_AVAILABLE", "field": "channel"}
    await ContactPoint.filter(address=NUMBER).update(suppressed_channels=[Channel.SMS])
    assert await office.refuse() == {"code": "CONFLICT", "field": "channel"}
    assert (await office.refuse(by=office.council.viewer))["code"] == "FORBIDDEN"
    confirming = {"point": office.points["PHONE"], "code": "123456"}
    assert await office.council.refuse(CONFIRM, confirming, by=office.council.viewer) == ("FORBIDDEN", None)
    assert await Verification.all().count() == 0


async def test_an_email_has_no_code(office: Office) -> None:
    await office.resend("EMAIL")
    code = await office.hand_over()
    refused = await office.council.refuse(CONFIRM, {"point": office.points["EMAIL"], "code": code})
    assert refused == ("CONFLICT", "contactPointId")


async def test_another_municipalitys_point_is_answered_as_one_that_does_not_exist(
    office: Office, port_alder: Council
) -> None:
    for document, given in ((RESEND, {"channel": "SMS"}), (CONFIRM, {"code": "123456"})):
        foreign = await port_alder.ask(document, {"point": office.points["PHONE"], **given})
        made_up = await port_alder.ask(document, {"point": expose("contact-point", make_id()), **given})
        assert find_error(foreign) == find_error(made_up)
        assert find_error(foreign)["extensions"]["code"] == "NOT_FOUND"


async def test_the_profile_shows_the_newest_verification_of_the_present_address(office: Office) -> None:
    await office.resend()
    office.instant += MINUTE
    await office.resend("CALL")
    profile = (await office.council.get(PROFILE, {"id": office.citizen}, by=office.council.viewer))["citizen"]
    phone, mail = profile["contactPoints"]
    assert (phone["verification"]["channel"], phone["verification"]["attemptsToday"]) == ("CALL", 2)
    assert mail["verification"] is None
