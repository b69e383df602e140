"""The journal of what this project made: nothing of ours is forgotten, whatever ends the run that writes it."""

from __future__ import annotations

import json
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicfix.accounts.journal import KINDS, Entry, Journal
from dicfix.errors import UsageError

POLICY = Entry("policy", "DIC_POLICY", "123456789012", "eu-west-1")
THING = Entry("thing", "SQA_DIC_C2", "123456789012", "eu-west-1")
ATTACHED = Entry("policy attachment", "DIC_POLICY", "123456789012", "eu-west-1", "arn:aws:iot:x:1:cert/ab")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "certificates" / "journal.jsonl"


def test_what_was_made_and_not_removed_is_there_again_in_the_order_of_making(path):
    first = Journal(path)
    for entry in (POLICY, THING, ATTACHED):
        first.making(entry)
    first.removed(THING)
    again = Journal(path)
    assert list(again) == [POLICY, ATTACHED]
    assert POLICY in again
    assert THING not in again
    assert len(again) == 2


def test_an_entry_noted_twice_is_written_once_and_a_stranger_is_not_removed(path):
    journal = Journal(path)
    journal.making(POLICY)
    journal.making(POLICY)
    journal.removed(THING)
    assert len(path.read_text().splitlines()) == 1


def test_the_file_belongs_to_its_user_alone(path):
    Journal(path).making(POLICY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_journal_without_a_file_is_kept_in_memory():
    journal = Journal()
    journal.making(POLICY)
    assert list(journal) == [POLICY]


def test_reading_a_journal_writes_nothing(path):
    Journal(path)
    assert not path.parent.exists()


@pytest.mark.parametrize("length", range(1, 140))
def test_a_line_cut_anywhere_by_a_killed_run_neither_stops_nor_swallows_the_next(path, length):
    """The half line's resource was not asked for yet: the line is written before the request."""
    Journal(path).making(POLICY)
    whole = path.read_bytes()
    cut = whole[: min(length, len(whole) - 1)]
    path.write_bytes(whole + cut)
    journal = Journal(path)
    assert list(journal) == [POLICY]
    journal.making(THING)
    assert list(Journal(path)) == [POLICY, THING]
    for line in path.read_text().splitlines():
        json.loads(line)


def test_a_line_that_lacks_only_its_end_counts(path):
    Journal(path).making(POLICY)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    journal = Journal(path)
    assert list(journal) == [POLICY]
    journal.making(THING)
    assert list(Journal(path)) == [POLICY, THING]


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        "[]",
        '"made"',
        "{}",
        '{"event": "made"}',
        '{"event": "made", "kind": "policy", "name": "x", "account": "1", "region": "r", "more": "x"}',
        '{"event": "made", "kind": "policy", "name": 7, "account": "1", "region": "r"}',
        '{"event": "made", "kind": "moon", "name": "x", "account": "1", "region": "r"}',
        '{"event": "melted", "kind": "policy", "name": "x", "account": "1", "region": "r"}',
    ],
)
@pytest.mark.parametrize("last", [True, False], ids=["as the last line", "before another"])
def test_a_whole_line_that_is_no_event_is_a_usage_error_that_names_it(path, line, last):
    Journal(path).making(POLICY)
    good = path.read_text()
    path.write_text(good + line + "\n" + ("" if last else good))
    with pytest.raises(UsageError, match=r"line 2 of the journal journal\.jsonl is not an event") as caught:
        Journal(path)
    assert str(path.parent) not in str(caught.value)


def test_a_journal_that_is_a_directory_is_a_usage_error(path):
    path.mkdir(parents=True)
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        Journal(path)


def test_a_journal_that_cannot_be_written_is_a_usage_error_and_nothing_counts_as_noted(tmp_path):
    (tmp_path / "certificates").write_text("a file where the directory should be")
    journal = Journal()
    journal.path = tmp_path / "certificates" / "journal.jsonl"
    with pytest.raises(UsageError, match=r"journal\.jsonl cannot be"):
        journal.making(POLICY)
    assert POLICY not in journal


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from(KINDS), st.sampled_from(["a", "b", "ü\u2028"]), st.sampled_from("12"))
    )
)
def test_a_journal_read_back_is_the_journal_that_was_kept(tmp_path_factory, events):
    file = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    kept, in_memory = Journal(file), Journal()
    for made, kind, name, account in events:
        entry = Entry(kind, name, account, "eu-west-1")
        for journal in (kept, in_memory):
            (journal.making if made else journal.removed)(entry)
    assert list(Journal(file)) == list(kept) == list(in_memory)
