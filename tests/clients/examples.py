"""The examples of docs/clients.md as they stand on the page: where they are, in which language, and the documents in them."""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
BLOCK = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<code>.*?)^ *```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
QUOTED = re.compile(r'(?:`|""")\s*((?:query|mutation|subscription)\b.*?)(?:`|""")', re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A block of code under its heading."""

    heading: str
    language: str
    code: str

    @property
    def documents(self) -> list[str]:
        """The GraphQL in it."""
        return [self.code] if self.language == "graphql" else QUOTED.findall(self.code)


def read_examples() -> list[Example]:
    text = PAGE.read_text(encoding="utf-8")
    return [
        Example(find_heading(text[: block.start()]), block["language"], dedent(block["code"]))
        for block in BLOCK.finditer(text)
    ]


def find_heading(before: str) -> str:
    """Return the last heading, with no line of code taken for one."""
    return str(HEADING.findall(BLOCK.sub("", before))[-1])
