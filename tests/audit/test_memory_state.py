"""What is remembered from run to run: certificates only as themselves, and one audit at a time."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sweep_world import SetClock

from benchmarks.fleet import Issuer
from dicfix.audit.checkpoint import MAX_AGE, Checkpoint
from dicfix.audit.memory import Edge, KnownCertificate, Memory, fingerprint
from dicfix.errors import UsageError

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
ACCOUNT, REGION = "123456789012", "eu-west-1"


def opened(folder: Path) -> Memory:
    return Memory(folder, ACCOUNT, REGION, clock=SetClock().now)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with opened(tmp_path) as found:
        yield found


def test_a_certificate_is_remembered_as_itself(memory: Memory) -> None:
    made = Issuer().issue("one")
    known = KnownCertificate(made.pem, "ca", NOW)
    memory.keep_certificate(made.certificate_id, known)
    assert fingerprint(made.pem) == made.certificate_id
    assert memory.certificate(made.certificate_id) == known


def test_a_certificate_of_another_id_is_neither_kept_nor_given(memory: Memory) -> None:
    issuer = Issuer()
    one, other = issuer.issue("one"), issuer.issue("other")
    memory.keep_certificate(one.certificate_id, KnownCertificate(other.pem, "", NOW))
    assert memory.certificate(one.certificate_id) is None
    memory.keep_certificate(one.certificate_id, KnownCertificate(one.pem, "", NOW))
    memory._database.execute("UPDATE certificates SET pem = ?", (other.pem,))
    assert memory.certificate(one.certificate_id) is None, "altered on disk"


@pytest.mark.parametrize("text", ["", "no PEM", "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----"])
def test_what_is_no_certificate_has_no_fingerprint(text: str) -> None:
    assert fingerprint(text) in ("", fingerprint(""))


def test_attachments_and_notes_outlive_the_run(tmp_path: Path) -> None:
    with opened(tmp_path) as memory:
        memory.keep_edge("one", Edge(("arn:a", "arn:b"), NOW))
        memory.keep_edge("two", Edge((), NOW))
        memory.set_last_run({"started": NOW.isoformat()})
    with opened(tmp_path) as memory:
        assert memory.edges() == {"one": Edge(("arn:a", "arn:b"), NOW), "two": Edge((), NOW)}
        assert memory.last_run() == {"started": NOW.isoformat()}
        memory.forget_edges(["two"])
        assert set(memory.edges()) == {"one"}


def test_each_account_and_region_has_a_file_of_its_own_for_its_owner_alone(tmp_path: Path) -> None:
    for region in ("eu-west-1", "us-east-1"):
        with Memory(tmp_path / "state", ACCOUNT, region, clock=SetClock().now) as memory:
            memory.set_note("where", region)
    files = sorted((tmp_path / "state").iterdir())
    assert [one.name for one in files] == [f"{ACCOUNT}-eu-west-1.sqlite3", f"{ACCOUNT}-us-east-1.sqlite3"]
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}


def test_two_audits_cannot_share_a_state(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(UsageError, match="another audit is using it"):
        opened(tmp_path)


def test_a_spoilt_state_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / f"{ACCOUNT}-{REGION}.sqlite3").write_bytes(b"this is no database" * 100)
    with pytest.raises(UsageError, match="cannot be used") as caught:
        opened(tmp_path)
    assert "remove the file" in caught.value.remedy


def test_a_place_that_is_no_directory_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be used"):
        opened(tmp_path / "file")


def test_a_state_of_another_schema_is_begun_anew(tmp_path: Path) -> None:
    with opened(tmp_path) as memory:
        memory.keep_edge("one", Edge((), NOW))
        memory.set_last_run({"started": NOW.isoformat()})
        memory.set_note("schema", "0")
    with opened(tmp_path) as memory:
        assert memory.edges() == {}
        assert memory.last_run() is None


def test_a_checkpoint_gives_its_answers_back_as_they_were(tmp_path: Path) -> None:
    answer = {"when": NOW, "raw": b"\x00\x01", "rows": [{"name": "one", "at": NOW}], "token": "t", "count": 3}
    with opened(tmp_path) as memory:
        checkpoint = Checkpoint(memory, NOW)
        assert not checkpoint.resumed
        checkpoint.keep("iot:ListThings []", answer)
    with opened(tmp_path) as memory:
        again = Checkpoint(memory, NOW + timedelta(hours=1))
        assert (again.resumed, again.begun) == (True, NOW)
        assert again.answer("iot:ListThings []") == answer
        assert again.answer("iot:ListThings [('nextToken', 't')]") is None
        again.end()
    with opened(tmp_path) as memory:
        assert not Checkpoint(memory, NOW + timedelta(hours=2)).resumed


@pytest.mark.parametrize("later", [MAX_AGE + timedelta(seconds=1), -timedelta(hours=1)])
def test_an_old_checkpoint_is_not_resumed(tmp_path: Path, later: timedelta) -> None:
    with opened(tmp_path) as memory:
        Checkpoint(memory, NOW).keep("key", {})
    with opened(tmp_path) as memory:
        checkpoint = Checkpoint(memory, NOW + later)
        assert (checkpoint.resumed, checkpoint.begun, checkpoint.answer("key")) == (False, NOW + later, None)
