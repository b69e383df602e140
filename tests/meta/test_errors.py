"""What a user is told is expected comes with what is to be done, wherever a command or the plugin refuses."""

from __future__ import annotations

import ast

import pytest

from tests.meta.source import Module, modules, place

TOLD_TO_USERS = ("dicfix.audit", "dicfix.cli", "dicfix.offline.defects", "dicfix.pytest_plugin", "dicfix.reports")
NAMES = ("UsageError", "MaterialError")


def calls(module: Module) -> list[ast.Call]:
    """Every error of a user's mistake that a module makes."""
    found = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    return [one for one in found if isinstance(one.func, ast.Name) and one.func.id in NAMES]


@pytest.mark.parametrize("package", TOLD_TO_USERS)
def test_every_refusal_of_a_mistake_says_what_to_do(package: str) -> None:
    of_package = [(one, call) for one in modules("dicfix") if one.name.startswith(package) for call in calls(one)]
    assert of_package != []
    silent = [place(one, call) for one, call in of_package if "remedy" not in {word.arg for word in call.keywords}]
    assert silent == []
