"""Every sentence with which our code refuses something, read from the code itself."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tocsin import errors

ROOT = Path(__file__).parent.parent.parent
FOLDERS = ("server/tocsin", "graphql/tocsin_graphql", "server/tocsin_server")
UNTOLD = {"ConfigurationError", "NotFound"}
"""The one ends the program before it listens; the other is always told in the words of ABSENT."""

UNHEARD = {"importing", "addresses.py"}
"""The importer speaks at the command line, of lines of a file; what is said of addresses is a part of a sentence."""

KINDS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.TocsinError) and name not in UNTOLD
}


@dataclass(frozen=True)
class Refusal:
    """Where something is refused, and in which words; a number stands for whatever is put in."""

    place: str
    code: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place} {self.sentence}"


def list_refusals() -> list[Refusal]:
    """Return every refusal that a client can read."""
    files = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if not UNHEARD & {*path.parts})
    return [refusal for path in files for refusal in read_refusals(path.read_text(), str(path.relative_to(ROOT)))]


def read_refusals(text: str, name: str) -> Iterator[Refusal]:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS and node.args:
            code = getattr(errors, node.func.id).code
            for sentence in spell(node.args[0], tree):
                if any(
                    character.isalpha() for character in sentence
                ):  # what is only passed on is read where it is said
                    yield Refusal(f"{name}:{node.lineno}", code, sentence)


def spell(node: ast.expr, tree: ast.AST) -> list[str]:
    """Return what an expression can say; nothing where it only passes on what was said elsewhere."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)]
    if isinstance(node, ast.IfExp):
        return spell(node.body, tree) + spell(node.orelse, tree)
    if isinstance(node, ast.Dict):
        return [said for value in node.values for said in spell(value, tree)]
    if isinstance(node, ast.Subscript):
        return spell(node.value, tree)
    if isinstance(node, ast.Name):
        return [said for value in find_values(node.id, tree) for said in spell(value, tree)]
    return []


def find_values(name: str, tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what a name of this module is given."""
    for node in ast.walk(tree):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            value = getattr(node, "value", None)
            if value is not None:
                yield value
