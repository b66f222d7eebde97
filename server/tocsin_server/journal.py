"""The log: one structured line a step, without a person in it. Imports nothing of ours.

A driver's error repeats the values that it choked on, and a traceback with locals shows them too: lines carry the kind
of an error and where it arose, never its text.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

FRAMES = 6


def describe_error(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its kind and the last places it came through."""
    found = line.pop("exc_info", None)
    if found:
        error = found if isinstance(found, BaseException) else sys.exc_info()[1]
        if error is not None:
            frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
            line["error"] = type(error).__name__
            line["at"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return line


class ErrorHandler(logging.Handler):
    """Writes what libraries log to standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            print(self.format(record), file=sys.stderr)
        except Exception:
            self.handleError(record)


def open_journal(level: str) -> None:
    """Write JSON lines to standard error from this level up, those of libraries from WARNING up.

    Standard error is looked up for each line: where a terminal shows a board, that takes lines in and puts them above it.
    """
    threshold = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            describe_error,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[ErrorHandler()], format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("httpx2", "httpcore2", "tortoise", "dramatiq"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
