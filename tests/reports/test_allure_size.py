"""The longest transcripts are shortened in the page where it would grow too big, and stay whole in the results."""

from __future__ import annotations

from pathlib import Path

from dicfix.reports import allure_size
from dicfix.reports.allure_size import cap, fitting, shortened
from tests.allure_results import a_thousand


def test_what_fits_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "1-result.json").write_text("{}")
    (tmp_path / "1-attachment.txt").write_text("x" * 100_000)
    assert fitting(tmp_path, tmp_path / "elsewhere") == (tmp_path, 0)
    assert fitting(tmp_path / "nothing", tmp_path / "elsewhere") == (tmp_path / "nothing", 0)


def test_the_longest_are_cut_to_one_size_and_the_others_are_not() -> None:
    assert cap([1_000, 2_000, 50_000, 90_000], 43_000) == 20_000
    assert cap([1_000, 2_000], 3_000) == 2_000
    assert cap([5_000, 5_000], -7) == 1_000, "never less than the least"
    assert cap([], 10) == 0


def test_a_thousand_scenarios_with_long_transcripts_fit(tmp_path: Path) -> None:
    results = a_thousand(tmp_path / "allure-results").folder
    before = {path.name: path.read_bytes() for path in results.iterdir()}
    assert sum(map(len, before.values())) * 4 / 3 > 11_000_000
    (tmp_path / "page").mkdir()
    copy, cut = fitting(results, tmp_path / "page")
    assert cut == 100
    kept = sum(path.stat().st_size for path in copy.glob("*-attachment.txt"))
    assert kept * 4 / 3 + 1000 * 12_000 + 4_500_000 <= allure_size.LIMIT_BYTES
    assert {path.name for path in copy.iterdir()} == set(before)
    assert {path.name: path.read_bytes() for path in results.iterdir()} == before


def test_a_shortened_transcript_keeps_its_ends_and_names_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "1-attachment.txt"
    path.write_text("begin " + "ä" * 5_000 + " end")
    told = shortened(path, 1_001)
    assert len(told) <= 1_001
    text = told.decode()
    assert text.startswith("begin ä")
    assert text.endswith("ä end")
    assert f"the whole is {tmp_path.name}/1-attachment.txt, 10,010 bytes" in text
