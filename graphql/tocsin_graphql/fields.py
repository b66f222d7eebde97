"""Strawberry's decorators with their types: what is resolved keeps its signature. Imports nothing of ours."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


def resolved(description: str) -> Callable[[Resolver], Resolver]:
    """Make a field of a method."""
    decorate: Callable[[Resolver], Resolver] = strawberry.field(description=description)
    return decorate


def mutating(description: str) -> Callable[[Resolver], Resolver]:
    """Make a mutation of a method."""
    decorate: Callable[[Resolver], Resolver] = strawberry.mutation(description=description)
    return decorate
