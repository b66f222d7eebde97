"""How many sockets of this process one address and one principal may hold. Imports nothing of ours."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """None: as many as they like."""

    of_address: int | None = None
    of_principal: int | None = None
    messages_per_second: float | None = None


class Cap:
    """Who holds how many places; a key is forgotten with its last one."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._taken: Counter[Hashable] = Counter()
        self.refused = 0

    def __len__(self) -> int:
        return self._taken.total()

    def take(self, key: Hashable) -> bool:
        """Take a place, which has to be left again; False: all of this key are taken. None is nobody's and never full."""
        if key is None:
            return True
        if self._limit is not None and self._taken[key] >= self._limit:
            self.refused += 1
            return False
        self._taken[key] += 1
        return True

    def leave(self, key: Hashable) -> None:
        if key is None:
            return
        self._taken[key] -= 1
        if not self._taken[key]:
            del self._taken[key]


class Places:
    """The places of one process."""

    def __init__(self, limits: SocketLimits) -> None:
        self.addresses = Cap(limits.of_address)
        self.principals = Cap(limits.of_principal)

    @property
    def refused(self) -> int:
        """How many sockets found no place."""
        return self.addresses.refused + self.principals.refused


def name_network(host: str) -> str:
    """Return what counts as one address: of IPv6 the network of 64 bits, within which anybody takes as many as he likes."""
    try:
        address = ip_address(host)
    except ValueError:
        return host  # whatever else a proxy called its client
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"
