"""GraphQL's own complaints about a request, as one sentence that says what to do. Imports nothing of ours.

The library's words are kept but for the values that were sent: those may be names, numbers and addresses.
"""

import re

VALUE = re.compile(r"(, found| Found|(?<=value)): .*$", re.DOTALL)
INVALID = "has invalid value"
NEXT_SENTENCE = re.compile(r"[.?] ([A-Z])")
SUGGESTION = re.compile(r"\bdid you mean\b")
SUGGESTED = re.compile(r"\s*Did you mean [^?]*\?")
ADVICE = "check the request"


def complain(message: str, *, suggesting: bool = True) -> str:
    """Return a complaint of the library's without the values that were sent; advice is added where there is none.

    Not `suggesting` leaves out which names of the schema were perhaps meant: they would tell those that are there.
    """
    if not suggesting:
        message = SUGGESTED.sub("", message)
    head, invalid, said = message.rpartition(f"{INVALID}: ") if INVALID in message else ("", "", message)
    told = f"{head}{invalid}{VALUE.sub('', said)}".rstrip(".?")
    if ";" in told:
        return f"{told}."
    told = NEXT_SENTENCE.sub(lambda found: f"; {found[1].lower()}", told)
    return f"{SUGGESTION.sub('perhaps you mean', told)}; {ADVICE}."
