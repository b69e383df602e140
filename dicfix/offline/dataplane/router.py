"""Which subscriptions a topic reaches: a tree of topic levels. No sockets, no policy. For one thread."""

from __future__ import annotations

from typing import Generic, TypeVar

from dicfix.offline.rules.topics import hash_matches_parent, wildcard_matches_dollar

S = TypeVar("S")
_CACHED_TOPICS = 4096


class _Node(Generic[S]):
    __slots__ = ("children", "subscribers")

    def __init__(self) -> None:
        self.children: dict[str, _Node[S]] = {}
        self.subscribers: dict[S, int] = {}


class Router(Generic[S]):
    """Subscriptions of ``S`` (sessions) by topic filter.

    ``plain`` follows MQTT 3.1.1 where ``x/#`` also matches ``x``; AWS IoT does not.
    """

    def __init__(self, *, plain: bool = False) -> None:
        self._plain = plain
        self._root: _Node[S] = _Node()
        self._cache: dict[str, tuple[tuple[S, int], ...]] = {}

    def subscribe(self, topic_filter: str, subscriber: S, qos: int) -> None:
        """Add a subscription, or change its QoS."""
        node = self._root
        for level in topic_filter.split("/"):
            node = node.children.setdefault(level, _Node())
        node.subscribers[subscriber] = qos
        self._cache.clear()

    def unsubscribe(self, topic_filter: str, subscriber: S) -> None:
        """Take a subscription away; unknown ones are ignored."""
        path = [self._root]
        levels = topic_filter.split("/")
        for level in levels:
            child = path[-1].children.get(level)
            if child is None:
                return
            path.append(child)
        path[-1].subscribers.pop(subscriber, None)
        for level, parent, node in zip(reversed(levels), reversed(path[:-1]), reversed(path[1:]), strict=True):
            if node.subscribers or node.children:
                break
            del parent.children[level]
        self._cache.clear()

    def match(self, topic: str) -> tuple[tuple[S, int], ...]:
        """The subscribers of ``topic``, each once with the highest QoS of its matching filters."""
        found = self._cache.get(topic)
        if found is None:
            found = tuple(self._search(topic).items())
            if len(self._cache) >= _CACHED_TOPICS:
                self._cache.clear()
            self._cache[topic] = found
        return found

    def _search(self, topic: str) -> dict[S, int]:
        found: dict[S, int] = {}
        levels = topic.split("/")
        parent_matches = self._plain or hash_matches_parent()
        wild_at_root = not topic.startswith("$") or wildcard_matches_dollar()
        nodes = [self._root]
        for depth, level in enumerate(levels):
            wild = depth > 0 or wild_at_root
            reached: list[_Node[S]] = []
            for node in nodes:
                children = node.children
                if wild and "#" in children:
                    _collect(found, children["#"])
                if wild and "+" in children:
                    reached.append(children["+"])
                if level in children:
                    reached.append(children[level])
            nodes = reached
        for node in nodes:
            _collect(found, node)
            if parent_matches and "#" in node.children:
                _collect(found, node.children["#"])
        return found


def _collect(found: dict[S, int], node: _Node[S]) -> None:
    for subscriber, qos in node.subscribers.items():
        if qos >= found.get(subscriber, 0):
            found[subscriber] = qos
