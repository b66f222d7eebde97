"""The simulator talks to this machine only: which addresses that is. Imports nothing of ours."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit


def split_loopback_url(url: str) -> SplitResult | None:
    """The parts of an absolute http(s) URL on this machine, or None for anything else."""
    if not url.isascii() or any(character <= " " for character in url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    usable = parts.scheme in {"http", "https"} and port != 0 and _is_loopback(parts.hostname or "")
    return parts if usable else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
