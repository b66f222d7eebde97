"""The exported schema: written from the code, compared in checks. Imports the GraphQL package."""

from pathlib import Path

from tocsin_graphql.schema import build_schema


def render_schema() -> str:
    """Return the schema as the code has it."""
    return build_schema().as_str() + "\n"


def write_schema(file: Path) -> None:
    file.write_text(render_schema(), encoding="utf-8")


def compare_schema(file: Path) -> bool:
    """Whether the file says what the code says."""
    return file.exists() and file.read_text(encoding="utf-8") == render_schema()
