"""The OTA half on target aws, against an embedded cloud in another process: performed, found again, cleaned up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from feature_runs import ACCOUNT, CREDENTIALS, ROOT, Served, run_features, served_cloud

from dicfix import wiring
from dicfix.aws import jobs, ota, registry
from dicfix.aws.session import AwsSession
from dicfix.lab import Lab
from dicfix.lab.ota import AGENTS, OtaLab
from dicfix.lab.ota_device import OtaBuild, OtaDevice
from dicfix.settings import settings_from
from dicfix.wiring import Surroundings

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


@contextmanager
def board_of_somebody_else(served: Served, folder: Path, name: str) -> Iterator[OtaDevice]:
    """A board that the run knows nothing of, with another CA and the published agent's short flow."""
    reached = {"target": "aws", "account": ACCOUNT, "endpoint_url": served.api, "mqtt_endpoint": served.mqtt}
    names = {"devices": (name,), "explorer_name": "THEIR_EXPLORER", "policy_name": "THEIR_POLICY"}
    settings = settings_from({**reached, **names, "server_ca": str(served.root)})
    surroundings = Surroundings.aws(settings)
    account = wiring.build(surroundings, settings, folder)
    account.ensure_thing(name)
    lab = Lab(account, wiring.guarded(surroundings.network, account))
    desk = OtaLab(lab)
    try:
        yield desk.boot(name, OtaBuild(account.site.client(name).certificate.pem, agent=AGENTS["firmware"]))
    finally:
        desk.close()
        lab.close()


def test_a_real_board_runs_the_job_in_the_last_scenario_and_hears_ota_in_no_other(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in CREDENTIALS.items():
        monkeypatch.setenv(key, value)
    boards = "[devices]\nreal_boards = ['BOARD_1']\n[ota]\ndevices = ['DIC_2', 'BOARD_1']\n"
    options = (
        *served.options(tmp_path / "certificates"),
        *toml(tmp_path, f"[aws]\nexclusive_account = true\n{boards}"),
        *("-k", "real_board or run_the_job or ota_starts or ends_succeeded"),
    )
    with board_of_somebody_else(served, tmp_path / "theirs", "BOARD_1") as board:
        run = run_features(tmp_path, *options, *OTA, **CREDENTIALS)
    assert run.code == 0, run.out[-3000:]
    assert run.only("passed") == {"test_a_real_board_that_is_told_ota_runs_the_job_to_the_end"}
    assert [(one.status, one.reason.split()[0]) for one in board.outcomes] == [("SUCCEEDED", "accepted")]
    assert registry.read_thing(session(served), "BOARD_1") is not None, "somebody else's thing is not removed"
