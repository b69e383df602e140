"""OTA devices on the desk: the wait with its deadlines, what can go wrong, boards beside virtual devices, progress."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cbor2
import pytest
from accounts_world import World

from dicfix.accounts import How
from dicfix.accounts.guards import require_exclusive
from dicfix.accounts.judge import Judge
from dicfix.accounts.ota_job import synthetic_image
from dicfix.device.ota_agent import STRICT, Version
from dicfix.errors import DeadlineExceeded, DicfixError, GuardRefused, UsageError
from dicfix.lab import Lab
from dicfix.lab.ota import PUBLISHED, OtaLab
from dicfix.lab.ota_device import IDLE_S, AgentClock, OtaBuild
from dicfix.lab.ota_happenings import Happenings
from dicfix.lab.ota_mishaps import Mishaps
from dicfix.lab.ota_orders import ORDERS, OtaOrders
from dicfix.lab.ota_prerequisites import PrerequisiteOrders
from dicfix.lab.ota_watch import ExecutionWatch, NoBar, share_done
from dicfix.ota_records import JobExecution
from dicfix.records import OTA_AGENT_STARTED
from dicfix.settings import Deadlines
from dicfix.wiring import now_utc

pytest_plugins = ["accounts_fixtures"]

DATA = "$aws/things/DIC_2/streams/s/data/cbor"
DEADLINES = Deadlines(ota_start_s=10.0, ota_progress_s=5.0, ota_end_s=100.0)


# The watch


def execution(status: str, version: int = 1, **details: str) -> JobExecution:
    return JobExecution("DIC_2", status, details, version)


def test_the_watch_ends_when_every_execution_has_ended_however() -> None:
    watch = ExecutionWatch(("a", "b"), DEADLINES, 0.0)
    assert not watch.ended({"a": execution("SUCCEEDED")}, 1.0)
    assert watch.ended({"a": execution("SUCCEEDED"), "b": execution("REJECTED")}, 2.0)


@pytest.mark.parametrize("found", [{}, {"a": execution("QUEUED")}], ids=["no execution", "queued"])
def test_a_device_that_does_not_begin_has_its_own_deadline(found: dict[str, JobExecution]) -> None:
    watch = ExecutionWatch(("a",), DEADLINES, 0.0)
    assert not watch.ended(found, 9.0)
    with pytest.raises(DeadlineExceeded, match=r"begin of the update of a .* within 10 s \(deadline 'ota_start_s'\)"):
        watch.ended(found, 10.1)


def test_a_device_that_stands_still_has_its_own_deadline_and_progress_moves_it() -> None:
    watch = ExecutionWatch(("a",), DEADLINES, 0.0)
    for second in range(0, 60, 4):
        assert not watch.ended({"a": execution("IN_PROGRESS", version=second)}, float(second))
    with pytest.raises(DeadlineExceeded, match="ota_progress_s") as late:
        watch.ended({"a": execution("IN_PROGRESS", version=56)}, 61.1)
    assert "hears no command" in late.value.remedy


def test_a_device_that_never_comes_to_an_end_has_its_own_deadline() -> None:
    watch = ExecutionWatch(("a",), DEADLINES, 0.0)
    for second in range(0, 100, 4):
        assert not watch.ended({"a": execution("IN_PROGRESS", version=second)}, float(second))
    with pytest.raises(DeadlineExceeded, match="ota_end_s"):
        watch.ended({"a": execution("IN_PROGRESS", version=100)}, 100.1)


@pytest.mark.parametrize(
    ("found", "share"),
    [
        (None, 0.0),
        (execution("QUEUED"), 0.0),
        (execution("IN_PROGRESS", receive="25/100"), 0.25),
        (execution("IN_PROGRESS", receive="25/0"), 0.0),
        (execution("IN_PROGRESS", self_test="ready"), 0.0),
        (execution("FAILED", receive="1/100"), 1.0),
    ],
)
def test_a_boards_own_words_tell_how_far_it_is(found: JobExecution | None, share: float) -> None:
    assert share_done(found) == share


# Mishaps


def block(number: int) -> bytes:
    return cbor2.dumps({"f": 0, "i": number, "l": 4, "p": b"abcd"})


def test_only_data_messages_are_counted_lost_and_altered() -> None:
    mishaps = Mishaps()
    mishaps.lost.add(2)
    mishaps.altered.add(3)
    assert mishaps.arrival("$aws/things/DIC_2/jobs/notify-next", b"{}") == b"{}"
    assert mishaps.arrival(DATA, block(0)) == block(0)
    assert mishaps.arrival(DATA, block(1)) is None
    altered = cbor2.loads(mishaps.arrival(DATA, block(2)) or b"")
    assert (altered["i"], altered["l"], len(altered["p"])) == (2, 4, 4)
    assert altered["p"] != b"abcd"
    assert mishaps.arrival(DATA, block(3)) == block(3)


def test_a_json_block_is_not_altered_in_silence() -> None:
    mishaps = Mishaps()
    mishaps.altered.add(1)
    with pytest.raises(DicfixError, match="cannot be altered"):
        mishaps.arrival(DATA.replace("cbor", "json"), b"{}")


def test_a_connection_is_cut_once() -> None:
    mishaps = Mishaps()
    mishaps.cut_at = 1
    assert mishaps.arrival(DATA, block(0)) is None
    assert mishaps.cuts_now()
    assert not mishaps.cuts_now()


def test_a_download_is_held_until_it_is_let_go() -> None:
    mishaps = Mishaps()
    mishaps.hold_at = 3
    passed = threading.Event()
    thread = threading.Thread(target=lambda: (mishaps.hold(2), mishaps.hold(3), passed.set()))
    thread.start()
    mishaps.await_held(5.0)
    assert not passed.is_set()
    mishaps.let_go()
    thread.join(5.0)
    assert passed.is_set()


def test_waiting_for_a_hold_that_does_not_come_ends() -> None:
    with pytest.raises(DeadlineExceeded, match="message_s"):
        Mishaps().await_held(0.01)


# The clock and the build


def test_a_fast_clock_waits_less_than_its_time_says() -> None:
    clock = AgentClock(speed=100.0)
    assert 0.05 < clock.real_s(clock() + 10.0) <= 0.1
    assert clock.real_s(clock() - 5.0) == 0.0
    assert clock.real_s(None) == IDLE_S


def test_a_build_takes_its_agent_from_the_profile_or_as_given() -> None:
    assert OtaBuild("PEM", profile="firmware").agent_settings.verifies is False
    assert OtaBuild("PEM", agent=STRICT.with_blocks(4096, 8)).agent_settings.block_bytes == 4096
    assert "PEM" not in repr(OtaBuild("PEM"))


# On the embedded cloud


@pytest.fixture
def ota(accounts_world: World) -> Iterator[OtaLab]:
    lab = Lab(accounts_world.builder(), accounts_world.surroundings.network)
    desk = OtaLab(lab)
    yield desk
    desk.close()
    lab.close()


def test_the_whole_update_runs_to_the_end_and_is_found_the_second_time(ota: OtaLab) -> None:
    done = ota.run_to_the_end()
    assert [name for name, how in done.parts if how is How.PERFORMED] == ["SQA_DIC_C2", "SQA_DIC_C3", "DIC_2"]
    ota.expect_each("SUCCEEDED", "accepted  v0.9.3")
    ota.expect_version("0.9.3")
    assert ota.run_to_the_end().how is How.FOUND
    assert {one.observed for one in ota.lab.exchanges} == {OTA_AGENT_STARTED}


@pytest.mark.parametrize("number", [0x0000_0001, 0x0009_0002, 0x0100_0000], ids=["0.0.1", "0.9.2", "1.0.0"])
def test_a_configured_image_of_any_version_is_run_to_the_end(
    accounts_world: World, tmp_path: Path, number: int
) -> None:
    path = tmp_path / "light.gbl"
    path.write_bytes(synthetic_image(version=number, size_bytes=3000))
    builder = accounts_world.builder(image=str(path), ota_devices=("DIC_2",))
    lab = Lab(builder, accounts_world.surroundings.network)
    desk = OtaLab(lab)
    desk.run_to_the_end()
    desk.expect_each("SUCCEEDED", "accepted")
    desk.expect_image_version()
    assert str(desk.devices["DIC_2"].version) == str(Version.from_number(number))
    desk.switch_on()
    assert desk.devices["DIC_2"].version == Version.from_number(number), "a device keeps what it was updated to"
    desk.close()
    lab.close()


def test_an_order_of_its_own_image_leaves_the_devices_at_the_published_version(ota: OtaLab) -> None:
    ota.prepare()
    ota.make(replace(ota.account.ota_plan(), image=synthetic_image(version=1), update_id="old"))
    assert ota.build().version == PUBLISHED


@pytest.mark.parametrize(("block_bytes", "blocks"), [(256, 1), (4096, 8)])
def test_given_block_settings_are_used(ota: OtaLab, block_bytes: int, blocks: int) -> None:
    ota.prepare()
    ota.connect_explorer()
    ota.make()
    build = replace(ota.build(), agent=STRICT.with_blocks(block_bytes, blocks))
    ota.account.choose(ota_devices=("DIC_2",))
    device = ota.boot("DIC_2", build)
    ota.command_ota()
    ota.await_end(ota.job_of(ota.plans[-1]), ("DIC_2",))
    ota.expect_one("DIC_2", ota.job_of(ota.plans[-1]), "SUCCEEDED", "accepted")
    assert device.progress is not None
    assert device.progress.total_blocks == -(-len(ota.plans[-1].image) // block_bytes)


def test_a_board_of_somebody_else_is_waited_for_and_never_impersonated(accounts_world: World, ota: OtaLab) -> None:
    """The board is played by another desk, which this one knows nothing of."""
    ota.prepare()
    with_board = OtaLab(Lab(accounts_world.builder(real_boards=("DIC_2",)), accounts_world.surroundings.network))
    try:
        with_board.prepare_boards()
        with_board.connect_explorer()
        with_board.make()
        assert (with_board.virtual, with_board.boards) == ((), ("DIC_2",))
        board = ota.boot("DIC_2", ota.build())
        done = with_board.update_all()
        assert [name for name, how in done.parts if how is How.PERFORMED] == ["DIC_2"]
        assert with_board.devices == {}
        assert [(one.status, one.reason) for one in board.outcomes] == [("SUCCEEDED", "accepted  v0.9.3")]
    finally:
        with_board.close()
        with_board.lab.close()


class Bars:
    """Progress lines that remember what they were told."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, float | None]] = []
        self.shares: list[float] = []

    @contextmanager
    def __call__(self, label: str, total: float | None) -> Iterator[Bars]:
        self.opened.append((label, total))
        yield self

    def update(self, done: float | None = None, note: str = "") -> None:
        assert "DIC_2" in note
        self.shares.append(done or 0.0)


def test_a_download_draws_its_progress(accounts_world: World) -> None:
    bars = Bars()
    lab = Lab(accounts_world.builder(), accounts_world.surroundings.network)
    desk = OtaLab(lab, bars)
    try:
        desk.run_to_the_end()
    finally:
        desk.close()
        lab.close()
    assert bars.opened == [("OTA update of 3 devices", 3.0)]
    assert any(0.0 < share < 3.0 for share in bars.shares)
    assert max(bars.shares) <= 3.0


def test_a_board_is_asked_seldom_and_its_line_drawn_often(
    accounts_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dicfix.lab.ota._ASK_AGAIN_S", 0.01)
    deadlines = replace(accounts_world.settings.deadlines, poll_s=0.2, ota_start_s=0.3)
    builder = accounts_world.builder(real_boards=("DIC_2",), deadlines=deadlines)
    builder.choose(ota_devices=builder.boards)
    bars, lab = Bars(), Lab(builder, accounts_world.surroundings.network)
    desk = OtaLab(lab, bars)
    calls = len(builder.site.session.calls)
    with pytest.raises(DeadlineExceeded, match="ota_start_s"):
        desk.await_end("AFR_OTA-none")
    assert bars.opened == [("OTA update of DIC_2", 1.0)]
    asked = len(builder.site.session.calls) - calls
    assert asked <= 4
    assert len(bars.shares) > 2 * asked
    desk.close()
    lab.close()


def test_the_command_ota_starts_the_agent_once_per_boot(ota: OtaLab) -> None:
    ota.prepare()
    ota.connect_explorer()
    ota.switch_on()
    ota.command_ota()
    ota.command_ota()
    device = ota.device
    assert device.wait_for(lambda one: one.ota_started, 5.0)
    board = ota.lab.device.board
    assert board.wait_for(lambda one: len(one.ignored) == 1, 5.0)
    assert "once per boot" in board.ignored[0].reason


def test_a_device_that_is_off_has_not_started_its_agent(ota: OtaLab) -> None:
    ota.prepare()
    ota.connect_explorer()
    quick = replace(ota.lab.network, deadlines=replace(ota.lab.network.deadlines, message_s=0.05))
    ota.lab.network = quick
    ota.switch_on()
    ota.device.switch_off()
    ota.command_ota()
    assert [one.observed for one in ota.lab.exchanges] == [None, OTA_AGENT_STARTED, OTA_AGENT_STARTED]


def test_the_settings_of_a_scenario_end_with_it(ota: OtaLab) -> None:
    before = ota.account.settings
    ota.account.choose_signing("custom")
    ota.close()
    assert ota.account.settings == before


def test_on_aws_ota_is_commanded_in_an_exclusive_account_only(accounts_world: World) -> None:
    settings = replace(accounts_world.settings, target="aws")
    with pytest.raises(GuardRefused, match="every board"):
        require_exclusive(settings)
    assert require_exclusive(replace(settings, exclusive_account=True)) is None  # type: ignore[func-returns-value]


# Expectations can fail, with what was seen


def test_a_wrong_expectation_of_an_execution_tells_what_was_seen(ota: OtaLab) -> None:
    ota.run_to_the_end()
    with pytest.raises(AssertionError, match=r"ended SUCCEEDED \('accepted  v0.9.3'\), expected FAILED with '0xe3'"):
        ota.expect_each("FAILED", "0xe3")
    with pytest.raises(AssertionError, match="ended no execution"):
        ota.expect_one("DIC_2", "AFR_OTA-none", "FAILED", "")
    ota.lab.network = replace(ota.lab.network, deadlines=replace(ota.lab.network.deadlines, message_s=0.05))
    with pytest.raises(AssertionError, match=r"'DIC_2': '0.9.3'.*expected 1.0.0"):
        ota.expect_version("1.0.0")
    with pytest.raises(AssertionError, match=r"made SUCCEEDED \(accepted"):
        ota.await_outcome(ota.device, "ABORTED")
    with pytest.raises(DeadlineExceeded, match="QUEUED of DIC_2"):
        ota.await_status("DIC_2", "QUEUED")
    with pytest.raises(AssertionError, match=r"runs 0\.9\.3, expected 0\.9\.2"):
        Happenings(ota, OtaOrders(ota)).expect_first_runs("0.9.2")


def test_a_wrong_expectation_of_an_order_tells_what_was_seen(ota: OtaLab) -> None:
    ota.prepare()
    orders = OtaOrders(ota)
    orders.order("with half an image")
    with pytest.raises(AssertionError, match="the order was not carried out"):
        orders.expect_made()
    with pytest.raises(AssertionError, match=r"ended with MaterialError.*expected UsageError with nonsense"):
        orders.expect_refused("UsageError", "nonsense")
    with pytest.raises(AssertionError, match="expected it to say 'nonsense'"):
        orders.expect_remedy("nonsense")
    orders.order("as the guide says")
    with pytest.raises(AssertionError, match="an update that was made"):
        orders.expect_refused("UsageError")


def test_a_control_that_passes_is_not_taken_for_one_that_fails(ota: OtaLab) -> None:
    ota.prepare()
    judge = Judge(ota.account, ("OTA-10",), now=now_utc, skip=_never)
    with pytest.raises(AssertionError, match=r"DIC-OTA-08 says .*expected FAIL with 'RSA with SHA1'"):
        judge.expect_failed("DIC-OTA-08", "RSA with SHA1")


def _never(reason: str) -> Any:
    raise AssertionError(reason)


def test_prerequisites_that_had_to_be_made_or_are_left_are_told(ota: OtaLab) -> None:
    prerequisites = PrerequisiteOrders(ota, OtaOrders(ota))
    with pytest.raises(AssertionError, match="nothing was looked at"):
        prerequisites.expect_found()
    prerequisites.make()
    with pytest.raises(AssertionError, match="made again: bucket"):
        prerequisites.expect_found()
    with pytest.raises(AssertionError, match=r"left in the account.*bucket ota-demo-.*role ota_demo"):
        prerequisites.expect_nothing_left()


def test_unknown_names_are_one_clear_error(ota: OtaLab) -> None:
    with pytest.raises(UsageError, match="over HTTP alone"):
        OtaOrders(ota).order("with a smile")
    with pytest.raises(UsageError, match="OTA service role"):
        PrerequisiteOrders(ota, OtaOrders(ota)).make_one("castle")
    with pytest.raises(UsageError, match="no device is switched on"):
        _ = ota.device


def test_every_order_is_made_in_a_feature() -> None:
    from pathlib import Path

    text = "".join(path.read_text() for path in (Path(__file__).parents[1] / "features").glob("1*.feature"))
    assert [name for name in ORDERS if name not in text] == []


def test_no_bar_draws_nothing() -> None:
    assert NoBar().update(0.5, "half") is None  # type: ignore[func-returns-value]


def test_a_version_is_written_as_the_agent_writes_it() -> None:
    assert Version(0, 9, 3).number == 0x00090003
