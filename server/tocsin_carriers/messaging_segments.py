"""How many segments a text is billed as: GSM-7 where its alphabet suffices, else UCS-2.
Imports nothing of ours.
"""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")


def count_segments(body: str) -> int:
    letters = set(body)
    if letters <= _BASIC | _EXTENDED:
        return _split(len(body) + sum(letter in _EXTENDED for letter in body), 160, 153)
    return _split(len(body.encode("utf-16-be")) // 2, 70, 67)


def _split(length: int, alone: int, together: int) -> int:
    return 1 if length <= alone else -(-length // together)
