"""The broadcast of a process: within it, or across processes over Redis. Imports the backend."""

from broadcaster import Broadcast

from tocsin.live.redis_backend import RedisBackend


def make_backend(redis_url: str | None) -> RedisBackend | None:
    """Return the way to other processes, if there are any."""
    return RedisBackend(redis_url) if redis_url else None


def make_broadcast(backend: RedisBackend | None) -> Broadcast:
    """Return what announcements go through; without a backend they stay in this process."""
    return Broadcast(backend=backend) if backend else Broadcast("memory://")
