"""Routes: where a documented host and port are really dialled.

The documented endpoint stays in every profile; the embedded cloud listens elsewhere. Imports nothing of dicfix
but errors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dicfix.errors import ConnectionRefused


@dataclass(frozen=True, slots=True)
class Route:
    """``host:port``, as documented, is reached at ``address:via_port``."""

    host: str
    port: int
    address: str
    via_port: int

    @classmethod
    def direct(cls, host: str, port: int) -> Route:
        """The route that leads where its name says."""
        return cls(host, port, host, port)

    @property
    def is_direct(self) -> bool:
        """Whether nothing is redirected."""
        return (self.host, self.port) == (self.address, self.via_port)

    def __str__(self) -> str:
        text = f"{self.host}:{self.port}"
        return text if self.is_direct else f"{text} -> {self.address}:{self.via_port}"


@dataclass(frozen=True, slots=True)
class Routes:
    """All routes of a run; ``only`` says that nothing outside them may be dialled (offline)."""

    routes: tuple[Route, ...] = ()
    only: bool = False

    @classmethod
    def offline(cls, routes: Iterable[Route]) -> Routes:
        """Routes of the embedded cloud: every other host is refused before it is dialled."""
        return cls(tuple(routes), only=True)

    def find(self, host: str, port: int) -> Route:
        """The route for ``host:port``; raises ConnectionRefused (stage tcp) if there may be none."""
        for route in self.routes:
            if (route.host, route.port) == (host.lower(), port):
                return route
        if self.only:
            raise ConnectionRefused(
                f"no route leads to {host}:{port}; offline nothing but the embedded cloud is dialled",
                stage="tcp",
                reason="no route",
                expected=", ".join(str(route) for route in self.routes) or "a route",
                remedy="use the endpoint that the embedded cloud answers for",
            )
        return Route.direct(host, port)
