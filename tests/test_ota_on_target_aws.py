"""The OTA half on target aws, against an embedded cloud in another process: performed, found again, cleaned up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from feature_runs import CREDENTIALS, ROOT, Served, run_features, served_cloud

from dicfix.aws import jobs, ota
from dicfix.aws.session import AwsSession

OTA = tuple(f"features/{path.name}" for path in sorted((ROOT / "features").glob("*ota*.feature")))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with served_cloud(tmp_path / "cloud") as found:
        yield found


def session(served: Served) -> AwsSession:
    kwargs = {"region_name": "eu-west-1", "endpoint_url": served.api}
    return AwsSession({**kwargs, "aws_access_key_id": "AKIA0", "aws_secret_access_key": "x"}, max_attempts=1)


def toml(folder: Path, text: str) -> tuple[str, str]:
    path = folder / "dic.toml"
    path.write_text(text)
    return ("--dicfix-config", str(path))


def test_the_ota_half_is_performed_found_again_and_cleaned_up(served: Served, tmp_path: Path) -> None:
    options = served.options(tmp_path / "certificates")
    exclusive = toml(tmp_path, "[aws]\nexclusive_account = true\n")
    first = run_features(tmp_path, *options, *exclusive, "--dicfix-keep", *OTA, **CREDENTIALS)
    assert first.code == 0, first.out[-3000:]
    assert first.count("passed") >= 29
    (kept,) = ota.read_ota_update_ids(session(served))
    assert kept.startswith("DIC_OTA_new_")
    second = run_features(tmp_path, *options, *exclusive, *OTA, **CREDENTIALS)
    assert second.code == 0, second.out[-3000:]
    assert ota.read_ota_update_ids(session(served)) == ()
    assert jobs.read_jobs(session(served)) == {}
    events = [json.loads(line) for line in (tmp_path / "certificates" / "journal.jsonl").read_text().splitlines()]
    made, removed = ([e for e in events if e["event"] == word] for word in ("made", "removed"))
    assert len(made) == len(removed)


def test_without_an_exclusive_account_nothing_is_commanded(served: Served, tmp_path: Path) -> None:
    run = run_features(tmp_path, *served.options(tmp_path / "certificates"), *OTA, **CREDENTIALS)
    assert run.code == 0, run.out[-3000:]
    told = {name for name in run.only("skipped") if "run_the_job" in name or "ota_starts" in name}
    assert len(told) >= 4
    assert not {name for name in run.only("passed") if "run_the_job" in name}


def test_with_a_real_board_only_the_last_scenario_says_ota(served: Served, tmp_path: Path) -> None:
    options = served.options(tmp_path / "certificates")
    boards = "[devices]\nreal_boards = ['BOARD_1']\n[ota]\ndevices = ['DIC_2', 'BOARD_1']\n"
    text = f"[aws]\nexclusive_account = true\n{boards}"
    session(served).call("iot", "CreateThing", thingName="BOARD_1")
    run = run_features(tmp_path, *options, *toml(tmp_path, text), *OTA, "-k", "not real_board", **CREDENTIALS)
    assert run.code == 0, run.out[-3000:]
    assert not {name for name in run.only("passed") if "run_the_job" in name or "ota_starts" in name}
