"""Imports go downwards, and each heavy library lives in one place; read from the source, so that nothing hides."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.meta.source import ROOT, modules

ROWS = (
    ("steps",),
    ("dicfix.pytest_plugin", "dicfix.cli", "dicfix.__main__"),
    ("dicfix.onboardings",),
    ("dicfix.wiring",),
    ("dicfix.lab",),
    ("dicfix.reports",),
    ("dicfix.audit",),
    ("dicfix.accounts", "dicfix.offline"),
    ("dicfix.aws", "dicfix.controls", "dicfix.device", "dicfix.keystore"),
    ("dicfix.mqtt",),
    ("dicfix.trust", "dicfix.firmware", "dicfix.images"),
    ("dicfix.certificates",),
    ("dicfix.settings",),
    ("dicfix.records",),
    ("dicfix.account_records", "dicfix.ota_records", "dicfix.findings", "dicfix.guide", "dicfix.iam_policies"),
    ("dicfix.fields", "dicfix.scope"),
    ("dicfix.settings_checks",),
    ("dicfix.errors",),
    ("dicfix",),
)
"""The rooms from top to bottom: a room may import the rows below its own, never its own row or one above."""

ROW = {room: number for number, row in enumerate(ROWS) for room in row}

HOMES = {
    "boto3": ("dicfix.aws",),
    "botocore": ("dicfix.aws", "dicfix.offline.aws_api", "dicfix.offline.rules.service_model"),
    "paho": ("dicfix.mqtt",),
    "moto": ("dicfix.offline.aws_api", "dicfix.offline.cloud"),
    "werkzeug": ("dicfix.offline.aws_api",),
    "OpenSSL": ("dicfix.offline.dataplane",),
    "pytest": ("dicfix.pytest_plugin", "steps"),
    "pytest_bdd": ("dicfix.pytest_plugin", "steps"),
    "allure_commons": ("dicfix.pytest_plugin",),
    "allure_pytest": ("dicfix.pytest_plugin",),
}
"""Where a library may be imported; nowhere else in ``dicfix`` and ``steps``."""

NEVER = {
    "steps": {"boto3", "botocore", "paho", "moto", "time", "socket", "ssl", "subprocess", "threading"},
    "dicfix.controls": {"time", "pathlib", "os", "io", "socket", "subprocess", "threading", "random", "secrets"},
    "dicfix.offline.rules": {"socket", "ssl", "subprocess", "threading", "pathlib", "dicfix.aws", "dicfix.mqtt"},
    "dicfix.guide": {"boto3", "cryptography", "pathlib", "os"},
}
"""What a room must not know, beside the layers: pure judgement and pure rules have no files, sockets or clock."""


def room_of(name: str) -> str:
    """The room that a dotted name lies in; ``dicfix`` for a name of the package itself."""
    parts = name.split(".")
    return parts[0] if parts[0] == "steps" else ".".join(parts[:2])


def below(name: str, places: tuple[str, ...]) -> bool:
    """Whether a module is one of the places or lies inside one."""
    return any(name == one or name.startswith(f"{one}.") for one in places)


OURS = (*modules("dicfix"), *modules("steps"))


def test_every_room_has_its_row() -> None:
    rooms = {room_of(module.name) for module in OURS}
    assert rooms == set(ROW), "a new room belongs in ROWS, a room that is gone does not"


@pytest.mark.parametrize("room", [room for row in ROWS for room in row])
def test_a_room_imports_only_the_rows_below(room: str) -> None:
    upwards = [
        f"{module.path} imports {name}"
        for module in OURS
        if room_of(module.name) == room
        for name in sorted(module.imports())
        if (target := room_of(name)) in ROW and target not in (room, "dicfix") and ROW[target] <= ROW[room]
    ]
    assert upwards == []


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_imported_in_its_home_alone(library: str) -> None:
    importing = {module.name for module in OURS if any(below(name, (library,)) for name in module.imports())}
    assert [name for name in sorted(importing) if not below(name, HOMES[library])] == []
    assert importing, f"nothing imports {library}: its line in HOMES is stale"


@pytest.mark.parametrize("room", NEVER)
def test_a_room_knows_nothing_of(room: str) -> None:
    known = [
        f"{module.path} imports {name}"
        for module in OURS
        if below(module.name, (room,))
        for name in sorted(module.imports())
        if below(name, tuple(NEVER[room]))
    ]
    assert known == []


def test_nothing_imports_the_tests() -> None:
    assert [one.path for one in OURS if below("tests", tuple(one.imports()))] == []


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        (
            "import dicfix",
            {"boto3", "botocore", "moto", "paho", "cryptography", "OpenSSL", "pytest", "certifi"},
        ),
        ("import dicfix.__main__", {"boto3", "botocore", "moto", "paho", "cryptography", "OpenSSL", "pytest"}),
        ("import dicfix.controls", {"boto3", "botocore", "moto", "paho", "OpenSSL", "pytest"}),
        ("import dicfix.offline.rules.jobs", {"boto3", "moto", "paho", "OpenSSL", "pytest"}),
        ("import dicfix.offline.dataplane", {"boto3", "botocore", "moto", "paho", "pytest"}),
        ("import dicfix.wiring", {"moto", "pytest"}),
    ],
)
def test_an_import_brings_no_heavy_library_along(statement: str, unwanted: set[str]) -> None:
    code = f"{statement}; import sys; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert unwanted & set(done.stdout.split()) == set()
