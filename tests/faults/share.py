"""How much of a long form is run: all of it, unless TOCSIN_PROOF_SHARE (above 0, at most 1) says less, for slow machines."""

import os


def take_share(whole: int) -> int:
    """Return so much of a whole number as is to be run, at least one."""
    share = float(os.environ.get("TOCSIN_PROOF_SHARE", "1"))
    assert 0 < share <= 1, "TOCSIN_PROOF_SHARE has to be above 0 and at most 1."
    return max(1, round(whole * share))
