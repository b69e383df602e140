"""What the groups of operations of the ``iot`` service share: their parameters, their backend, their pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from dicfix.offline.rules import paging

if TYPE_CHECKING:
    from dicfix.offline.aws_api.iot.models import EmbeddedIoTBackend

T = TypeVar("T")


class Operation:
    """One request being answered."""

    params: dict[str, Any]
    region: str
    current_account: str

    if TYPE_CHECKING:

        @property
        def iot_backend(self) -> EmbeddedIoTBackend: ...

        def _get_action(self) -> str: ...

    def given(self, member: str, default: Any = None) -> Any:
        """A member of the request, or ``default`` when it was not given."""
        value = self.params.get(member)
        return default if value is None else value

    def marked(self, items: Sequence[T], position: Callable[[T], int]) -> tuple[Sequence[T], dict[str, str]]:
        """One page for an operation with pageSize, marker and ascendingOrder; newest first unless asked otherwise."""
        chosen, marker = paging.page(
            items,
            position,
            operation=self._get_action(),
            marker=self.given("marker"),
            size=self.given("pageSize", paging.MARKER_DEFAULT),
            ascending=bool(self.given("ascendingOrder", False)),
        )
        return chosen, {"nextMarker": marker} if marker else {}

    def tokened(self, items: Sequence[T], position: Callable[[T], int]) -> tuple[Sequence[T], dict[str, str]]:
        """One page for an operation with maxResults and nextToken, oldest first."""
        chosen, token = paging.page(
            items,
            position,
            operation=self._get_action(),
            marker=self.given("nextToken"),
            size=self.given("maxResults", paging.TOKEN_DEFAULT),
        )
        return chosen, {"nextToken": token} if token else {}


def by_position(item: tuple[int, Any]) -> int:
    """The position of an item that is kept as (position, what)."""
    return item[0]
