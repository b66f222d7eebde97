"""Promises of the order in a lane, as pure turns: rank first, then each municipality as often as every other."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tocsin.turns import RANKS, VERIFICATION_RANK, Candidate, Turns
from tocsin.words import WaveKind

CANDIDATES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 4), st.integers(1, 3), st.integers(1, 6)), max_size=60
)


def make(rank: int, municipality: int, communication: int, number: int, *, index: int) -> Candidate:
    """A communication belongs to one municipality; a verification to none of its communications."""
    owner = UUID(int=municipality)
    key = None if rank == VERIFICATION_RANK else UUID(int=municipality * 1_000 + communication * 10 + rank)
    return Candidate(UUID(int=index), rank, owner, key, f"+1418555{number:04}")


def make_all(drawn: Sequence[tuple[int, int, int, int]]) -> list[Candidate]:
    return [make(*each, index=index) for index, each in enumerate(drawn, 1)]


def drain(candidates: Sequence[Candidate], places: Sequence[int]) -> list[Candidate]:
    """Deal everything out in portions, as a lane does whose deliveries leave one after another."""
    turns, left = Turns(), list(candidates)
    order: list[Candidate] = []
    while left:
        dealt = turns.deal(left, places[len(order) % len(places)])
        order += dealt
        left = [each for each in left if each not in dealt]
    return order


def test_somebody_who_waits_for_a_verification_is_served_first_and_reminders_last() -> None:
    assert sorted(RANKS, key=RANKS.__getitem__) == [WaveKind.INITIAL, WaveKind.RECONTACT, WaveKind.AUTO_REMINDER]
    assert set(RANKS) == set(WaveKind)
    assert min(RANKS.values()) > VERIFICATION_RANK


def test_a_village_is_done_in_twice_its_own_time_beside_a_town() -> None:
    town = [make(1, 1, 1, 1, index=index) for index in range(1, 2_001)]
    village = [make(1, 2, 1, 1, index=index) for index in range(5_001, 5_021)]
    order = drain([*town, *village], [3])
    assert max(order.index(each) for each in village) < 2 * len(village)


def test_a_deal_says_no_address_by_accident() -> None:
    assert "4185550003" not in repr(make(1, 1, 1, 3, index=1))


@given(CANDIDATES, st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_everything_comes_once_and_lower_ranks_never_before_higher(
    drawn: list[tuple[int, int, int, int]], places: list[int]
) -> None:
    candidates = make_all(drawn)
    order = drain(candidates, places)
    assert sorted(order, key=lambda each: each.id) == candidates
    assert [each.rank for each in order] == sorted(each.rank for each in order)


@given(CANDIDATES, st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_while_two_have_something_left_neither_is_a_turn_ahead_of_the_other(
    drawn: list[tuple[int, int, int, int]], places: list[int]
) -> None:
    order = drain(make_all(drawn), places)
    for rank in range(4):
        row = [each for each in order if each.rank == rank]
        check_evenness([each.municipality_id for each in row])
        for municipality in {each.municipality_id for each in row}:
            mine = [each.communication_id for each in row if each.municipality_id == municipality]
            check_evenness([key for key in mine if key is not None])


def check_evenness(row: Sequence[UUID]) -> None:
    """As long as two still have something to come, they have been served equally often, give or take one."""
    left, served = Counter(row), Counter[UUID]()
    for key in row:
        waiting = [served[each] for each in left if left[each] > 0]
        assert max(waiting) - min(waiting) <= 1
        left[key] -= 1
        served[key] += 1


@given(CANDIDATES, st.integers(1, 20))
def test_calls_dealt_together_go_to_different_numbers(drawn: list[tuple[int, int, int, int]], places: int) -> None:
    candidates = make_all(drawn)
    dealt = Turns().deal(candidates, places, apart=True)
    numbers = [each.address for each in dealt]
    assert len(set(numbers)) == len(numbers)
    assert len(numbers) == min(places, len({each.address for each in candidates}))
