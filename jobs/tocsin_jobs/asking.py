"""Asking carriers about deliveries: those whose answer was lost, and those that have been silent. Imports lost, silence.

Each run is small and paced, so that no number of them floods a carrier, and nothing is held while it is asked.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

import structlog

from tocsin.errors import Unavailable
from tocsin.events import Certainty, Event, Finding
from tocsin.lost import claim_lost, find_rivals, forget_absences, give_up, plan_lost
from tocsin.settlement import Decision, Lost, Terms, decide, measure_terms
from tocsin.silence import Silence, Silent, claim_silent, measure_silences
from tocsin.words import Channel
from tocsin_jobs.workshop import Provider, Workshop

BATCH, ROUNDS = 12, 10
"""So many deliveries are asked about together, and so many times one after the other in one run."""

PER_SECOND = 5.0
DEADLINE = 20.0
"""Real seconds for one question: it is over before anybody else asks the same."""

Item = TypeVar("Item")

log = structlog.get_logger(__name__)


async def ask_about_lost(shop: Workshop) -> None:
    """Ask what became of deliveries whose answer was lost, a few on each channel, and do what follows."""
    await run_all(ask_about_lost_on(shop, channel) for channel in Channel)


async def ask_about_lost_on(shop: Workshop, channel: Channel) -> None:
    terms = measure_terms(shop.settings)
    found = await claim_lost(channel, terms, limit=BATCH)
    await run_all(settle(shop, lost, terms, after=wait) for wait, lost in stagger(shop, found))


async def settle(shop: Workshop, lost: Lost, terms: Terms, *, after: float) -> None:
    """Ask about one delivery, after so many seconds, and do what follows."""
    await asyncio.sleep(after)
    finding = await find(shop, lost)
    if finding.event is not None:
        await keep(shop, [finding.event])
    decision = decide(lost, finding.certainty, terms)
    log.info(
        "lost answer asked about",
        delivery=lost.hand_over.public_id,
        finding=finding.certainty.name,
        decision=decision.name,
        reason=finding.reason,
    )
    if decision is Decision.PLAN:
        shop.announce(await plan_lost(lost))
    elif decision is Decision.GIVE_UP:
        shop.announce(await give_up(lost, terms))
    elif finding.certainty is Certainty.UNCLEAR:
        await forget_absences(lost)


async def find(shop: Workshop, lost: Lost) -> Finding:
    """Return what the carrier says, believing only what can be of this delivery and says where it stands."""
    finding = await look_up(shop, lost)
    if finding.certainty is not Certainty.FOUND:
        return finding
    if finding.event is None or finding.event.status is None:
        return Finding(Certainty.UNCLEAR, reason="The carrier's word for it is not known.")
    if await is_anothers(finding.event, lost):
        return Finding(Certainty.UNCLEAR, reason="It may belong to another delivery.")
    return finding


async def look_up(shop: Workshop, lost: Lost) -> Finding:
    """Return what the carrier says; a verification's words are not known here, so that none can be recognised."""
    if lost.recipient_id is None:
        return Finding(Certainty.UNKNOWABLE)
    if lost.rivals.busy:
        return Finding(Certainty.UNCLEAR, reason="Another hand-over to this address is under way.")
    provider = shop.providers.get(lost.channel)
    if provider is None or provider.account != lost.account:
        return Finding(Certainty.UNCLEAR, reason="No carrier is set up for this account and channel.")
    with suppress(TimeoutError):
        async with asyncio.timeout(DEADLINE):
            return await provider.look_up(lost.inquiry, shop.tell_time())
    return Finding(Certainty.UNCLEAR, reason="The carrier's answer took too long.")


async def is_anothers(event: Event, lost: Lost) -> bool:
    """Whether what was found may be of a delivery to the same address that was handed over meanwhile."""
    key = lost.hand_over.delivery_id
    rivals = (await find_rivals([key]))[key]
    return rivals.busy or event.carrier_id in rivals.bound


async def ask_silent(shop: Workshop) -> None:
    """Ask where deliveries stand about which nothing has been heard for long, a few at a time on each channel."""
    await run_all(ask_silent_of(shop, provider) for provider in shop.providers.values())


async def ask_silent_of(shop: Workshop, provider: Provider) -> None:
    mine = [silence for silence in measure_silences(shop.settings) if silence.channel is provider.channel]
    for _ in range(ROUNDS):
        counts = [await ask_silent_about(shop, provider, silence) for silence in mine]
        if max(counts, default=0) < BATCH:
            return


async def ask_silent_about(shop: Workshop, provider: Provider, silence: Silence) -> int:
    """Ask about the next deliveries of these statuses; return how many."""
    found = await claim_silent(silence, provider.account, limit=BATCH)
    await run_all(fetch(shop, provider, silent, after=wait) for wait, silent in stagger(shop, found))
    return len(found)


async def fetch(shop: Workshop, provider: Provider, silent: Silent, *, after: float) -> None:
    """Ask where one delivery stands, after so many seconds, and keep what the carrier says."""
    await asyncio.sleep(after)
    events: Sequence[Event] = ()
    with suppress(TimeoutError):
        async with asyncio.timeout(DEADLINE):
            events = await provider.fetch(silent.hand_over, silent.carrier_id)
    await keep(shop, events)


async def keep(shop: Workshop, events: Sequence[Event]) -> None:
    """Keep what a carrier said; where that can't be done now, it is asked again."""
    if events:
        with suppress(Unavailable):
            await shop.writer.keep(events)


def stagger(shop: Workshop, items: Sequence[Item]) -> list[tuple[float, Item]]:
    """Return the items with the seconds that each has to wait, so that they keep the pace together."""
    return [(place / PER_SECOND / shop.settings.tocsin_speed, item) for place, item in enumerate(items)]


async def run_all(steps: Iterable[Awaitable[None]]) -> None:
    """Do all at once, each to its end whatever becomes of the others; then raise the first that failed."""
    for result in await asyncio.gather(*steps, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
