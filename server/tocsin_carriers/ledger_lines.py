"""The ledger as others read it: one JSON line per message, and one object of counts. No telephone number is
in either.
"""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from tocsin_carriers.ledger import Callback, Counts, Entry, Kind, Ledger, Settlement

_LINES_A_CHUNK = 200


def line_of(entry: Entry) -> dict[str, Any]:
    truthful = [callback for callback in entry.callbacks if callback.kind is not Kind.FORGED]
    lost_words = entry.lost_words
    return {
        "sid": entry.sid,
        "carrier": entry.wire.name,
        "direction": entry.direction,
        "delivery": entry.delivery,
        "draw": entry.draw_key,
        "suffix": entry.suffix,
        "outcome": entry.outcome,
        "final": entry.final,
        "finalErrorCode": entry.final_error_code,
        "answered": entry.answered,
        "answer": entry.answer,
        "silent": entry.silent,
        "scheduled": len(truthful),
        "sent": sum(bool(callback.attempts) for callback in truthful),
        "acknowledged": sum(callback.settlement is Settlement.ACKNOWLEDGED for callback in truthful),
        "lost": bool(lost_words),
        "lostWords": lost_words,
        "told": entry.told,
        **entry.details(),
        "callbacks": [_callback(callback) for callback in entry.callbacks],
    }


def _callback(callback: Callback) -> dict[str, Any]:
    return {
        "word": callback.word,
        "detail": callback.detail,
        "errorCode": callback.error_code,
        "kind": callback.kind,
        "after": round(callback.after, 6),
        "state": callback.settlement,
        "statuses": callback.attempts,
    }


async def ledger_lines(entries: Sequence[Entry]) -> AsyncIterator[str]:
    """Streamed in chunks, so a long ledger neither blocks the loop nor is copied."""
    for start in range(0, len(entries), _LINES_A_CHUNK):
        chunk = entries[start : start + _LINES_A_CHUNK]
        yield "".join(json.dumps(line_of(entry), separators=(",", ":")) + "\n" for entry in chunk)


def state_of(ledger: Ledger) -> dict[str, Any]:
    """All carriers together, and each alone."""
    return {
        **_state(ledger.counts),
        "refused": {str(code): count for code, count in sorted(ledger.refused.items(), key=str)},
        "byCarrier": {name: _state(counts) for name, counts in sorted(ledger.by_carrier.items())},
    }


def _state(counts: Counts) -> dict[str, int]:
    """`owed` is what to wait for, one for each call that still runs included; `owedLater` may come long after
    everything is over and is not in `owed`.
    """
    return {
        "messages": counts.messages,
        "inbound": counts.inbound,
        "handshakes": counts.handshakes,
        "unanswered": counts.unanswered,
        "running": counts.running,
        "twimlErrors": counts.twiml_errors,
        "owed": counts.owed + counts.running,
        "owedLater": counts.owed_later,
        "sent": counts.sent,
        "acknowledged": counts.acknowledged,
        "lost": counts.lost,
        "dropped": counts.dropped,
        "duplicates": counts.duplicates,
        "retries": counts.retries,
        "forged": counts.forged,
        "forgedAccepted": counts.forged_accepted,
    }
