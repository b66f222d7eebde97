"""When things happen to an e-mail: in order, within the documented times, in the documented shares."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tocsin_carriers.disorder import draw_key
from tocsin_carriers.emails_outcomes import OUTCOMES, outcome_of
from tocsin_carriers.emails_timeline import ACCEPTED, draw_email, timeline
from tocsin_carriers.knobs import Knobs

CALM = Knobs(opens=0.0, complaints=0.0, bounces_late=0.0, deliveries_slow=0.0)


def test_the_shares_come_true_over_many_e_mails() -> None:
    plays = [timeline(outcome_of("a@b.test"), draw_email(draw_key(1, "e", str(n), 0)), Knobs()) for n in range(8_000)]
    words = [[happening.word for happening in play] for play in plays]
    assert 0.29 < sum("Open" in each for each in words) / len(plays) < 0.31
    assert 0.0002 < sum("Complaint:abuse" in each for each in words) / len(plays) < 0.001
    assert 0.008 < sum(play[2].at > 60 for play in plays) / len(plays) < 0.012
    opens = sorted(happening.at for play in plays for happening in play if happening.word == "Open")
    assert opens[len(opens) // 10] > 300
    assert opens[len(opens) // 2] < 3_600 < opens[len(opens) * 9 // 10]


def test_a_share_of_those_who_do_not_exist_is_taken_first() -> None:
    draws = [draw_email(draw_key(1, "e", str(n), 0)) for n in range(4_000)]
    for word in ("bounce", "noemail"):
        late = sum(len(timeline(OUTCOMES[word], draw, Knobs())) == 4 for draw in draws) / len(draws)
        assert 0.08 < late < 0.12
    assert all(len(timeline(OUTCOMES["suppressed"], draw, Knobs(bounces_late=1.0))) == 3 for draw in draws[:50])


@given(st.integers(0, 2**63), st.sampled_from(sorted(OUTCOMES)), st.booleans())
def test_what_happens_happens_in_order_within_the_documented_times(seed: int, word: str, chance: bool) -> None:
    happenings = timeline(OUTCOMES[word], draw_email(draw_key(seed, "e", word, 0)), Knobs() if chance else CALM)
    assert (happenings[0].word, happenings[0].at) == (ACCEPTED, 0.0)
    instants = [happening.at for happening in happenings]
    assert instants == sorted(instants)
    for before, after in pairwise(happenings):
        pause = after.at - before.at
        if after.word == "Send":
            assert 0.1 <= pause <= 0.5
        elif after.word == "Delivery":
            assert 0.5 <= pause <= 600
        elif after.word.startswith("Bounce"):
            assert 1 <= pause <= 60
    if not chance:
        assert [happening.word for happening in happenings[1:]] == list(OUTCOMES[word].steps)


@given(st.integers(0, 2**63), st.floats(0, 1), st.booleans())
def test_a_knob_never_changes_the_draws_that_follow(seed: int, share: float, shuffle: bool) -> None:
    draws = draw_email(draw_key(seed, "e", "a", 0))
    wild = Knobs(duplicates=share, shuffle=shuffle, opens=share, complaints=share, deliveries_slow=0.0)
    plain = timeline(outcome_of("a@b.test"), draws, CALM)
    assert timeline(outcome_of("a@b.test"), draws, wild)[: len(plain)] == plain
    assert draws == draw_email(draw_key(seed, "e", "a", 0))
