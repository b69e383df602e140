"""YAML files that people write for an audit, read strictly: no repeated keys, no unknown ones, dates that are dates.

Every mistake is one UsageError that names the file and the place. May import ``errors``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dicfix.errors import UsageError

MAX_BYTES = 1_000_000


def read_list(path: Path, key: str) -> list[Any]:
    """The list under ``key``, the one thing that the file holds."""
    document = _document(path)
    if not isinstance(document, Mapping) or list(document) != [key] or not isinstance(document[key], list):
        raise UsageError(
            f"{path.name} is not a list under the one key {key!r}",
            expected=f"{key}: followed by '- ' items",
            remedy=f"begin the file with {key}: and nothing else beside it",
        )
    return list(document[key])


def _document(path: Path) -> Any:
    import yaml

    try:
        raw = path.read_bytes()
        if len(raw) > MAX_BYTES:
            raise UsageError(
                f"{path.name} is larger than {MAX_BYTES} bytes",
                expected="a file that people wrote",
                remedy="name the right file",
            )
        return yaml.load(raw.decode("utf-8"), Loader=_strict_loader())  # noqa: S506 - derives from SafeLoader
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}", remedy="name a readable file") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is not UTF-8 text", remedy="save it as UTF-8") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"{path.name} is no YAML: {_first_line(error)}", remedy="correct the place named") from error


def _first_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or next(iter(str(error).splitlines()), type(error).__name__)
    return f"{what} (line {mark.line + 1}, column {mark.column + 1})" if mark else str(what)


def _strict_loader() -> Any:
    import yaml

    class StrictLoader(yaml.SafeLoader):
        """Refuses what YAML lets pass in silence: a key that is there twice, aliases, merges."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
                raise yaml.composer.ComposerError(None, None, "aliases are not used here", mark)
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            names = [one.value for one, _ in node.value]
            for one, _ in node.value:
                if names.count(one.value) > 1:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {one.value!r} is there twice", one.start_mark
                    )
            return super().construct_mapping(node, deep)

    return StrictLoader


class Item:
    """One item of a list, with the errors of its fields; ``where`` names it, such as ``waivers.yaml, item 2``."""

    def __init__(self, value: Any, where: str, required: Iterable[str], optional: Iterable[str] = ()) -> None:
        self.where = where
        required, optional = tuple(required), tuple(optional)
        if not isinstance(value, Mapping):
            raise UsageError(
                f"{where} is no mapping", expected="fields " + ", ".join(required), remedy="give it these fields"
            )
        unknown = [str(one) for one in value if one not in (*required, *optional)]
        missing = [one for one in required if value.get(one) is None]
        if unknown or missing:
            told = [f"the unknown field {one!r}" for one in unknown] + [f"no {one}" for one in missing]
            raise UsageError(
                f"{where} has {' and '.join(told)}",
                expected="fields " + ", ".join((*required, *optional)),
                remedy="correct the fields of this item",
            )
        self._value = value

    def wrong(self, field: str, expected: str) -> UsageError:
        """The error for a field that is not what it should be."""
        return UsageError(
            f"{self.where}: {field} is {self._value.get(field)!r}", expected=expected, remedy=f"correct {field} there"
        )

    def text(self, field: str, *, least: int = 1) -> str:
        """A text with at least so many characters; empty when the field is optional and not there."""
        value = self._value.get(field)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.wrong(field, "a text (put it in quotes)")
        if len(value.strip()) < least:
            raise self.wrong(field, "a text that says something")
        return value.strip()

    def texts(self, field: str) -> tuple[str, ...]:
        """A text, or a list of them."""
        value = self._value.get(field)
        values = value if isinstance(value, list) else [value]
        texts = tuple(one.strip() for one in values if isinstance(one, str) and one.strip())
        if not texts or len(texts) < len(values):
            raise self.wrong(field, "a text, or a list of texts (put them in quotes)")
        return texts

    def day(self, field: str) -> date:
        """A date."""
        value = self._value.get(field)
        try:
            if isinstance(value, str):
                return date.fromisoformat(value)
        except ValueError as error:
            raise self.wrong(field, "a date such as 2026-06-30") from error
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        raise self.wrong(field, "a date such as 2026-06-30")
