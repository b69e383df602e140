"""The journal: what is ours survives a killed run, whatever its last line looks like."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from dicfix.accounts.journal import Entry, Journal
from dicfix.errors import UsageError

THING = Entry("thing", "SQA_DIC_C2", "123456789012", "eu-west-1")
POLICY = Entry("policy", "DIC_POLICY", "123456789012", "eu-west-1")
HALF = b'{"event": "made", "kind": "certif'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "certificates" / "journal.jsonl"


def test_what_was_made_is_known_to_the_next_run_in_order(path: Path) -> None:
    first = Journal(path)
    first.making(THING)
    first.making(POLICY)
    first.making(THING)
    assert list(Journal(path)) == [THING, POLICY]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_removed_is_forgotten(path: Path) -> None:
    journal = Journal(path)
    journal.making(THING)
    journal.removed(THING)
    assert THING not in Journal(path)
    assert len(path.read_text().splitlines()) == 2


def test_a_half_written_last_line_is_passed_over_and_does_not_swallow_the_next_entry(path: Path) -> None:
    Journal(path).making(THING)
    with path.open("ab") as file:
        file.write(HALF)
    resumed = Journal(path)
    assert list(resumed) == [THING]
    resumed.making(POLICY)
    assert list(Journal(path)) == [THING, POLICY]
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_a_journal_that_holds_half_a_line_alone_is_empty_and_can_be_written(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(HALF)
    journal = Journal(path)
    assert len(journal) == 0
    journal.making(THING)
    assert list(Journal(path)) == [THING]


@pytest.mark.parametrize("line", [b"no JSON\n", b"[]\n", b'{"event": "made"}\n', b"\xff\xfe\n"])
def test_a_whole_line_that_is_no_event_is_one_clear_error(path: Path, line: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(line)
    with pytest.raises(UsageError, match=r"journal journal\.jsonl"):
        Journal(path)


def test_a_journal_without_a_file_is_kept_in_memory() -> None:
    journal = Journal()
    journal.making(THING)
    assert THING in journal
