"""The words of consent, and who has opted out. Imports nothing of ours."""

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "ARRET", "ARRETE", "ARRÊT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO", "AIDE"})
EVERY_SENDER = ""


class Consents:
    """What numbers have said by STOP and START, to one sender (or Messaging Service) or to every one."""

    def __init__(self) -> None:
        self._by_number: dict[str, dict[str, bool]] = {}

    def note(self, number: str, sender: str, *, opted_out: bool) -> None:
        """A word to every sender overrides what was said to one."""
        if sender == EVERY_SENDER:
            self._by_number[number] = {EVERY_SENDER: opted_out}
        else:
            self._by_number.setdefault(number, {})[sender] = opted_out

    def is_opted_out(self, number: str, sender: str, *, unless_said: bool) -> bool:
        said = self._by_number.get(number, {})
        return said.get(sender, said.get(EVERY_SENDER, unless_said))


def opt_out_type(body: str) -> str | None:
    """STOP, START or HELP if the whole body is such a word, whatever its case."""
    word = body.strip().upper()
    vocabularies = {"STOP": STOP_WORDS, "START": START_WORDS, "HELP": HELP_WORDS}
    return next((name for name, words in vocabularies.items() if word in words), None)
