"""AWS IoT policy documents: parsed, normalised, compared with the guide's, and asked what they allow.

Enough of the policy language to tell "the same", "narrower but sufficient" and "something else" apart. What it cannot
decide it takes for not allowed. Pure; imports errors only. Source: AWS IoT developer guide, iot-policies.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from dicfix.errors import MaterialError

Normal: TypeAlias = dict[str, Any]

_LISTS = ("Action", "NotAction", "Resource", "NotResource")
_LABELS = ("Sid",)
_KNOWN = {"Effect", *_LISTS, "Condition", *_LABELS}
_ATTACHED = "iot:Connection.Thing.IsAttached"
_VARIABLES = ("${iot:Connection.Thing.ThingName}", "${iot:ClientId}")
"""What stands for the client's own name."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client wants to do: ``resource`` is the ARN's last part, such as ``topic/light/state``."""

    client: str
    action: str
    resource: str

    def arn(self, prefix: str) -> str:
        """The resource's ARN; ``prefix`` is such as ``arn:aws:iot:eu-west-1:123456789012``."""
        return f"{prefix}:{self.resource}"

    def sentence(self) -> str:
        """The request in words."""
        return f"{self.action} on {self.resource} for {self.client}"


def parse_policy(text: str) -> Normal:
    """The document in normal form; raises MaterialError with the first thing that is wrong with it.

    Single values become lists, lists are sorted and without repetition, labels (Id, Sid) fall away.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise MaterialError(f"the policy document is no JSON: {error}", expected="the JSON of the guide") from None
    except RecursionError:
        raise MaterialError("the policy document is nested too deeply", expected="the JSON of the guide") from None
    return normalise(document)


def normalise(document: Any) -> Normal:
    """A parsed document in normal form; raises MaterialError where it is no policy document."""
    if not isinstance(document, dict):
        raise _malformed("is no JSON object")
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise _malformed("has no Statement")
    unknown = sorted(set(document) - {"Version", "Id", "Statement"})
    if unknown:
        raise _malformed(f"has the unknown member {unknown[0]!r}")
    normal = [_statement(one) for one in statements]
    distinct = {json.dumps(one, sort_keys=True): one for one in normal}
    return {"Version": document.get("Version"), "Statement": [distinct[key] for key in sorted(distinct)]}


def _malformed(what: str) -> MaterialError:
    return MaterialError(f"the policy document {what}", expected="the JSON of the guide")


def _statement(statement: Any) -> Normal:
    if not isinstance(statement, dict):
        raise _malformed("has a Statement that is no object")
    unknown = sorted(set(statement) - _KNOWN)
    if unknown:
        raise _malformed(f"has a Statement with the unknown member {unknown[0]!r}")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise _malformed(f"has a Statement with the Effect {statement.get('Effect')!r}")
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource")):
        if (one in statement) == (other in statement):
            raise _malformed(f"has a Statement with not exactly one of {one} and {other}")
    normal: Normal = {"Effect": statement["Effect"]}
    for name in _LISTS:
        if name in statement:
            normal[name] = _texts(name, statement[name])
    if statement.get("Condition"):
        normal["Condition"] = _condition(statement["Condition"])
    return normal


def _texts(name: str, value: Any) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(one, str) for one in texts):
        raise _malformed(f"has a Statement whose {name} is no text and no list of texts")
    return sorted(set(texts))


def _condition(condition: Any) -> Normal:
    if not isinstance(condition, dict) or not all(isinstance(one, dict) for one in condition.values()):
        raise _malformed("has a Statement whose Condition is no object of objects")
    return {
        operator: {key: sorted(_scalars(value)) for key, value in keys.items()} for operator, keys in condition.items()
    }


def _scalars(value: Any) -> set[str]:
    values = value if isinstance(value, list) else [value]
    return {str(one).lower() if isinstance(one, bool) else str(one) for one in values}


def differences(expected: Normal, observed: Normal) -> list[str]:
    """Where two normal forms differ, as ``path: observed instead of expected``; empty when they are equal."""
    return list(_differences("", expected, observed))


def _differences(path: str, expected: Any, observed: Any) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(observed, dict):
        for key in sorted(set(expected) | set(observed)):
            yield from _differences(f"{path}.{key}".lstrip("."), expected.get(key), observed.get(key))
    elif isinstance(expected, list) and isinstance(observed, list) and path == "Statement":
        for index in range(max(len(expected), len(observed))):
            pair = (side[index] if index < len(side) else None for side in (expected, observed))
            yield from _differences(f"{path}[{index}]", *pair)
    elif expected != observed:
        yield f"{path} is {_shown(observed)} instead of {_shown(expected)}"


def _shown(value: Any) -> str:
    return "absent" if value is None else json.dumps(value, sort_keys=True)


def not_allowed(document: Normal, requests: Iterable[Request], arn_prefix: str) -> list[Request]:
    """The requests that the document does not allow, in order; an explicit Deny outranks every Allow.

    ``arn_prefix`` is that of the policy's own account and Region (``arn:aws:iot:eu-west-1:123456789012``).
    """
    statements = [_Prepared(one) for one in document["Statement"]]
    return [one for one in requests if not _allows(statements, one, one.arn(arn_prefix))]


class _Prepared:
    """A statement that many requests are held against: what does not depend on the client is worked out once."""

    def __init__(self, statement: Mapping[str, Any]) -> None:
        self.denies = statement["Effect"] == "Deny"
        self.holds = _condition_holds(statement.get("Condition", {}))
        self._actions = [one.lower() for one in statement.get("Action", statement.get("NotAction", []))]
        self._resources = statement.get("Resource", statement.get("NotResource", []))
        self._of_actions, self._of_resources = "Action" in statement, "Resource" in statement
        self._on_action: dict[str, bool] = {}

    def applies(self, request: Request, arn: str) -> bool:
        """Whether it speaks of the request at all."""
        action = request.action
        if action not in self._on_action:
            named = any(_matches(one, action.lower()) for one in self._actions)
            self._on_action[action] = named is self._of_actions
        if not self._on_action[action]:
            return False
        return any(_matches(_resolved(one, request), arn) for one in self._resources) is self._of_resources


def _allows(statements: Iterable[_Prepared], request: Request, arn: str) -> bool:
    allowed = False
    for one in statements:
        if one.applies(request, arn):
            if one.denies:
                return False
            allowed = allowed or one.holds
    return allowed


def _resolved(pattern: str, request: Request) -> str:
    if "${" in pattern:
        for variable in _VARIABLES:
            pattern = pattern.replace(variable, request.client)
    return pattern


def _condition_holds(condition: Mapping[str, Any]) -> bool:
    """Whether an Allow's condition surely holds for a client whose certificate is attached to its thing."""
    return all(operator == "Bool" and keys == {_ATTACHED: ["true"]} for operator, keys in condition.items())


def _matches(pattern: str, text: str) -> bool:
    if pattern == "*":
        return True
    if "*" not in pattern and "?" not in pattern:
        return pattern == text
    expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None
