"""Waiting with a named deadline: asked at first often, later every so often, and never for longer than it says."""

from __future__ import annotations

import threading
import time

import pytest

from dicfix.accounts.waiting import FIRST_PAUSE_S, wait_until
from dicfix.errors import DeadlineExceeded


def test_what_is_so_soon_is_not_waited_for_long() -> None:
    answers = iter([None, None, "ready"])
    begin = time.monotonic()
    assert wait_until(lambda: next(answers), name="x_s", timeout_s=60, poll_s=30, waiting_for="x") == "ready"
    assert time.monotonic() - begin < 10


def test_the_pauses_grow_to_the_one_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(threading.Event, "wait", lambda _self, timeout: pauses.append(timeout))
    answers = iter([None] * 9 + [1])
    assert wait_until(lambda: next(answers), name="x_s", timeout_s=60, poll_s=2, waiting_for="x") == 1
    assert pauses == pytest.approx([min(FIRST_PAUSE_S * 2**number, 2) for number in range(9)])


def test_a_pause_that_is_shorter_than_the_first_is_kept_and_the_deadline_is_named() -> None:
    begin = time.monotonic()
    with pytest.raises(DeadlineExceeded, match=r"the end of x.*within 0.05 s \(deadline 'x_s'\)"):
        wait_until(lambda: None, name="x_s", timeout_s=0.05, poll_s=0.001, waiting_for=lambda: "the end of x")
    assert time.monotonic() - begin >= 0.05
