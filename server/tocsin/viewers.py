"""Who looks or acts: passed to every function that needs an identity. Imports words and errors."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tocsin.errors import Forbidden
from tocsin.words import Locale, Role

ORDER = tuple(Role)


@dataclass(frozen=True, slots=True)
class Viewer:
    """A principal of one municipality, speaking `locale`, until the token's instants say otherwise."""

    principal_id: UUID
    municipality_id: UUID
    subject: str
    name: str
    role: Role
    locale: Locale
    issued_at: datetime
    expires_at: datetime

    def may(self, role: Role) -> bool:
        """Whether this principal holds the role or a higher one."""
        return ORDER.index(self.role) >= ORDER.index(role)

    def require(self, role: Role) -> None:
        """Raise FORBIDDEN unless the role is held."""
        if not self.may(role):
            raise Forbidden(f"This needs the role {role.value}; ask an administrator of your municipality.")
