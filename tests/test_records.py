"""Records: what was not read never passes for a value."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from dicfix.errors import Unreadable
from dicfix.records import NOT_ASKED, Inventory, Unread, known


def test_a_value_is_itself_and_an_unread_is_the_error_it_stands_for():
    assert known("x") == "x"
    assert known(None) is None
    assert known(False) is False
    with pytest.raises(Unreadable) as caught:
        known(Unread("iot:GetPolicy", "AccessDeniedException", "no", "iot:GetPolicy"))
    assert (caught.value.operation, caught.value.code, caught.value.permission) == (
        "iot:GetPolicy", "AccessDeniedException", "iot:GetPolicy",
    )  # fmt: skip
    assert "Do: allow iot:GetPolicy for this caller" in str(caught.value)


def test_every_part_that_nobody_read_is_unreadable():
    inventory = Inventory()
    for field in fields(inventory):
        assert getattr(inventory, field.name) is NOT_ASKED
        with pytest.raises(Unreadable, match="NotAsked"):
            known(getattr(inventory, field.name))


def test_an_inventory_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Inventory().endpoint = "x"  # type: ignore[misc]
