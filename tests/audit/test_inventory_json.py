"""An inventory as a file: it comes back as it was, without key material, and a file that is not whole is refused."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
import typing
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicfix.account_records import AccountCertificate
from dicfix.audit.inventory import KIND, LEFT_OUT, NOT_SAVED, SCHEMA, Saved, read_inventory, rows, write_inventory
from dicfix.errors import UsageError
from dicfix.fields import NOT_ASKED, Unread
from dicfix.mqtt.profile import ExplorerProfile
from dicfix.records import Caller, ClientFiles, Inventory, LocalFiles, Thing

KEY = "-----BEGIN EC " + "PRIVATE KEY-----\nMHcCAQEE\n-----END EC " + "PRIVATE KEY-----\n"

st.register_type_strategy(str, st.text(max_size=12))
st.register_type_strategy(float, st.floats(allow_nan=False))
st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
PARTS = {name: kind for name, kind in typing.get_type_hints(Inventory).items() if name not in LEFT_OUT}


def without_firmware(value: object) -> object:
    """Local files without those that are left out on purpose."""
    if isinstance(value, LocalFiles):
        return dataclasses.replace(value, header=None, certificate_source=None)
    return value


@pytest.mark.parametrize("part", PARTS)
@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.data())
def test_every_part_that_is_saved_comes_back(tmp_path_factory: pytest.TempPathFactory, part: str, data: Any) -> None:
    value = data.draw(st.from_type(PARTS[part]).map(without_firmware))
    inventory = Inventory(**{part: value})
    path = tmp_path_factory.getbasetemp() / "inventory.jsonl"
    write_inventory(path, inventory, {"devices": ["a", "b"]})
    assert read_inventory(path) == Saved(inventory, {"devices": ["a", "b"]})


def test_a_good_onboarding_comes_back(tmp_path: Path) -> None:
    inventory = dataclasses.replace(
        small(), endpoint="e", thing_edges={"one": ("p",), "two": Unread("iot:X", "Denied")}
    )
    write_inventory(tmp_path / "inventory.jsonl", inventory)
    assert read_inventory(tmp_path / "inventory.jsonl").inventory == inventory


def small() -> Inventory:
    return Inventory(
        caller=Caller("123456789012", "arn:aws:iam::123456789012:user/tester", "eu-west-1"),
        things={name: Thing(name, f"arn:{name}", ("p",)) for name in ("one", "two")},
        account_certificates={
            "c": AccountCertificate("c", "a", "ACTIVE", "DEFAULT", datetime(2026, 1, 1, tzinfo=UTC), "")
        },
    )


def test_every_part_is_saved_or_left_out_on_purpose() -> None:
    parts = {one.name for one in dataclasses.fields(Inventory)}
    told = Inventory(**{name: Unread("iot:X", "Denied") for name in parts})
    assert {row["part"] for row in rows(told)} == parts - LEFT_OUT
    assert list(rows(Inventory())) == []


def test_no_key_material_is_saved(tmp_path: Path) -> None:
    inventory = dataclasses.replace(
        small(),
        local=LocalFiles(
            ca=ClientFiles("CA", certificate_pem=f"{KEY}-----BEGIN CERTIFICATE-----"),
            header="#define DIC_CLIENT_ID",
            certificate_source=KEY,
        ),
        explorer=ExplorerProfile.of_guide(
            endpoint="e", thing_name="t", server_certificate="s", client_certificate="c", client_key=KEY
        ),
        registration_code="0123456789abcdef" * 4,
    )
    path = tmp_path / "inventory.jsonl"
    write_inventory(path, inventory)
    text = path.read_text()
    assert "PRIVATE KEY" not in text
    assert "DIC_CLIENT_ID" not in text
    assert "0123456789abcdef" not in text
    saved = read_inventory(path).inventory
    assert isinstance(saved.local, LocalFiles)
    assert saved.local.header == saved.local.certificate_source == NOT_SAVED
    assert saved.explorer == saved.registration_code == NOT_ASKED
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_not_there_stays_not_there(tmp_path: Path) -> None:
    path = tmp_path / "inventory.jsonl"
    write_inventory(path, Inventory(local=LocalFiles()))
    local = read_inventory(path).inventory.local
    assert isinstance(local, LocalFiles)
    assert (local.header, local.certificate_source) == (None, None)


def changed(lines: list[str], number: int, **members: object) -> str:
    row = {**json.loads(lines[number]), **members}
    return "\n".join([*lines[:number], json.dumps(row), *lines[number + 1 :]]) + "\n"


CASES: dict[str, tuple[Callable[[str, list[str]], str], str]] = {
    "empty": (lambda text, lines: "", "first line does not say"),
    "other JSON": (lambda text, lines: '{"findings": []}\n', "first line does not say"),
    "a list": (lambda text, lines: "[1]\n", "line 1 is no object"),
    "no JSON": (lambda text, lines: "<html>", "line 1 is not JSON"),
    "another schema": (lambda text, lines: changed(lines, 0, schema=SCHEMA + 1), f"of schema {SCHEMA + 1}"),
    "cut in a line": (lambda text, lines: text[:-20], "was cut off"),
    "cut between lines": (lambda text, lines: "\n".join(lines[:-1]) + "\n", "last line is missing"),
    "a line lost": (lambda text, lines: "\n".join([*lines[:3], *lines[4:]]) + "\n", "ends it, and does not fit"),
    "more after the end": (lambda text, lines: text + lines[1] + "\n", "ends it, and does not fit"),
    "an unknown part": (lambda text, lines: changed(lines, 1, part="secrets"), "line 2 does not fit"),
    "a left out part": (lambda text, lines: changed(lines, 1, part="explorer"), "line 2 does not fit"),
    "a wrong value": (
        lambda text, lines: changed(lines, 1, value={"account": 1, "arn": "", "region": ""}),
        "is no str",
    ),
    "a missing member": (lambda text, lines: changed(lines, 1, value={"account": "1"}), "line 2 does not fit"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_file_that_is_no_whole_inventory_is_one_clear_error(tmp_path: Path, case: str) -> None:
    path = tmp_path / "inventory.jsonl"
    write_inventory(path, small())
    spoil, words_of_error = CASES[case]
    text = path.read_text()
    path.write_text(spoil(text, text.splitlines()))
    with pytest.raises(UsageError, match=words_of_error) as caught:
        read_inventory(path)
    assert caught.value.observed.startswith("inventory.jsonl")
    assert caught.value.remedy


def test_a_file_that_is_no_text_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "inventory.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        read_inventory(path)


def test_a_missing_file_and_an_unwritable_place_are_clear_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_inventory(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match="cannot be written"):
        write_inventory(tmp_path / "none" / "inventory.jsonl", small())


def test_the_first_line_tells_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "inventory.jsonl"
    write_inventory(path, small(), {"edition": "2023-08"})
    first, *_, last = path.read_text().splitlines()
    assert json.loads(first) == {"kind": KIND, "schema": SCHEMA, "about": {"edition": "2023-08"}}
    assert json.loads(last) == {"end": 5 + 1}
    assert os.listdir(tmp_path) == ["inventory.jsonl"]
