"""What a citizen's profile is to become: checked whole before anything is written. Imports addresses, errors and texts.

An error carries the field that is wrong and never its value, since errors end in logs.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tocsin.addresses import read_email, read_phone
from tocsin.errors import BadInput, NotFound
from tocsin.identifiers import make_id
from tocsin.texts import check_line
from tocsin.words import Channel, Locale

NAME_LENGTH = 500
MOST_POINTS = 20

FIELD = "input.contactPoints"
MAIL, TELEPHONE = frozenset({Channel.EMAIL}), frozenset({Channel.CALL, Channel.SMS})


@dataclass(frozen=True, slots=True)
class PointChange:
    """A contact point as it is to be: with the key of one that is there, or a new one."""

    id: UUID | None
    address: str
    channels: Sequence[Channel]


@dataclass(frozen=True, slots=True)
class ProfileChanges:
    """What is to be changed; nothing where it stays. `points` are all that the citizen is to have."""

    first_name: str | None = None
    last_name: str | None = None
    locale: Locale | None = None
    points: Sequence[PointChange] | None = None


@dataclass(frozen=True, slots=True)
class KnownPoint:
    """A contact point as it stands."""

    id: UUID
    address: str
    channels: frozenset[Channel]


@dataclass(frozen=True, slots=True)
class PointPlan:
    """What is to be written of contact points; those that have another address than before are in `moved` too."""

    kept: list[KnownPoint] = field(default_factory=list)
    new: list[KnownPoint] = field(default_factory=list)
    moved: list[UUID] = field(default_factory=list)
    removed: list[UUID] = field(default_factory=list)


def check_name(name: str | None, stored: str, *, shown: str) -> str:
    """Return the name that is to be kept."""
    return stored if name is None else check_line(name, field=f"input.{shown}", most=NAME_LENGTH)


def plan_points(wanted: Sequence[PointChange], known: Collection[KnownPoint], *, region: str) -> PointPlan:
    """Return what has to be written; BAD_INPUT or NOT_FOUND with the field that is wrong.

    What comes without a key and has the address of a point that is there means that point.
    """
    if len(wanted) > MOST_POINTS:
        raise BadInput(f"A citizen has at most {MOST_POINTS} numbers and addresses; leave some out.", field=FIELD)
    by_key, plan = {point.id: point for point in known}, PointPlan()
    addresses = [check_address(point, f"{FIELD}.{place}", region) for place, point in enumerate(wanted)]
    check_keys(wanted, by_key)
    named = {point.id for point in wanted if point.id is not None}
    unnamed = {point.address: point.id for point in known if point.id not in named}
    for change, address in zip(wanted, addresses, strict=True):
        key = change.id or unnamed.get(address)
        point = KnownPoint(key or make_id(), address, frozenset(change.channels))
        (plan.new if key is None else plan.kept).append(point)
        if key is not None and by_key[key].address != address:
            plan.moved.append(key)
    plan.removed.extend(by_key.keys() - {point.id for point in plan.kept})
    check_unique(addresses)
    return plan


def check_address(point: PointChange, shown: str, region: str) -> str:
    """Return the address in the form in which it is kept; BAD_INPUT where address or channels can't be."""
    text = check_line(point.address, field=f"{shown}.address", most=320)
    usable = MAIL if "@" in text else TELEPHONE
    try:
        address = read_email(text) if usable is MAIL else read_phone(text, region)
    except BadInput as error:
        raise BadInput(f"{error.message[0].upper()}{error.message[1:]}.", field=f"{shown}.address") from None
    if not point.channels:
        raise BadInput("Choose a channel at least, or leave this one out.", field=f"{shown}.channels")
    if not usable.issuperset(point.channels):
        message = "This channel does not go to such an address; choose EMAIL for an e-mail address, CALL and SMS for a number."
        raise BadInput(message, field=f"{shown}.channels")
    return address


def check_keys(wanted: Sequence[PointChange], known: Collection[UUID]) -> None:
    """Refuse what is not the citizen's, or named twice."""
    met: set[UUID] = set()
    for place, point in enumerate(wanted):
        if point.id is None:
            continue
        if point.id not in known:
            raise NotFound("The citizen has no such contact point.", field=f"{FIELD}.{place}.id")
        if point.id in met:
            raise BadInput("This contact point is there twice; name it once.", field=f"{FIELD}.{place}.id")
        met.add(point.id)


def check_unique(addresses: Sequence[str]) -> None:
    """Refuse one address twice: it is one contact point with several channels."""
    for place, address in enumerate(addresses):
        if address in addresses[:place]:
            message = "This address is there twice; write it once, with all its channels."
            raise BadInput(message, field=f"{FIELD}.{place}.address")
