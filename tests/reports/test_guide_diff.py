"""Which clauses another text of the guide changes, and which sign-offs that makes stale."""

from __future__ import annotations

import pytest

from dicfix.errors import UsageError
from dicfix.guide import EDITIONS, clauses_of
from dicfix.reports.changes import Record
from dicfix.reports.guide_diff import Kind, compare, hashes_of, known_hashes, stale
from dicfix.reports.guide_identity import edition_sha256
from dicfix.reports.guide_known import KNOWN
from dicfix.reports.guide_text import hash_of, plain, read_guide, steps_of

PAGE, OTA = "AWS CA certificate registration", "How to create AWS OTA job"
OLD = """# Onboarding
Some words that belong to no step.
## AWS CA Certifcate Registration
1. Make the certificates.
2. Open the [console](https://console.example/).
3. Log in.
4. Register the CA:
    - Choose the **multi-account** mode
    - Set it `Active`
5. Create the policy:
```
{"Action": "*"}
```
## How to create AWS OTA JOB
1. Open the console.
## Something else
1. Not the guide's.
"""


def diff(new: str, old: str = OLD, edition: str = "2023-08"):
    return compare(edition, hashes_of(steps_of(old)), steps_of(new))


def test_a_text_is_read_as_pages_steps_and_statements():
    pages = steps_of(OLD)
    assert list(pages) == [PAGE, OTA]
    assert pages[PAGE]["4"] == ("Register the CA:", "Choose the multi-account mode", "Set it Active")
    assert pages[PAGE]["2"] == ("Open the console.",)
    assert pages[PAGE]["5"] == ("Create the policy:", '{"Action": "*"}')


def test_the_same_words_in_other_clothes_are_no_change():
    new = OLD.replace("**multi-account**", "multi-account").replace("    - ", "   * ").replace("Log in.", "log  in. ")
    assert diff(new).changes == ()


def test_a_star_in_the_policy_is_no_markup():
    (change,) = diff(OLD.replace('"Action": "*"', '"Action": ""')).changes
    assert change.clauses == ("AWS-5.1", "AWS-5.2")


def test_an_underscore_inside_a_word_is_no_markup():
    assert plain("Use the policy (ex: `DIC_POLICY`), __really__ _do_, from ota_demo") == (
        "Use the policy (ex: DIC_POLICY), really do, from ota_demo"
    )
    (change,) = diff(OLD.replace("Log in.", "Log_in."), OLD.replace("Log in.", "Login.")).changes
    assert change.added == ("Log_in.",)


def test_a_changed_statement_names_the_clauses_of_its_step():
    (change,) = diff(OLD.replace("**multi-account**", "single-account")).changes
    assert (change.kind, change.step, change.gone) == (Kind.CHANGED, "4", 1)
    assert change.clauses == ("AWS-4.1", "AWS-4.2", "AWS-4.3", "AWS-4.4", "AWS-4.5")
    assert change.added == ("Choose the single-account mode",)


def test_an_inserted_step_changes_no_clause():
    new = OLD.replace("3. Log in.", "3. Choose the Region.\n4. Log in.").replace("4. Register", "5. Register")
    found = diff(new.replace("5. Create", "6. Create"))
    assert found.clauses == ()
    assert {(one.kind, one.step, one.now) for one in found.changes} == {
        (Kind.ADDED, "3", "3"),
        (Kind.RENUMBERED, "3", "4"),
        (Kind.RENUMBERED, "4", "5"),
        (Kind.RENUMBERED, "5", "6"),
    }


def test_a_step_that_is_gone_changes_its_clauses():
    found = diff(OLD.replace("3. Log in.\n", "").replace("4. Reg", "3. Reg").replace("5. Cre", "4. Cre"))
    assert [(one.step, one.clauses) for one in found.changes if one.kind is Kind.REMOVED] == [("3", ("AWS-3",))]


def test_markdown_may_number_every_step_one():
    new = "\n".join(f"1. {line[3:]}" if line[:1].isdigit() else line for line in OLD.splitlines())
    assert diff(new).changes == ()


def test_pages_of_one_text_alone_are_told():
    found = diff(OLD.replace("AWS OTA JOB", "nothing at all of the kind"))
    assert (found.compared, found.absent) == ((PAGE,), (OTA,))


def test_a_text_without_the_guides_steps_is_a_usage_error(tmp_path):
    (tmp_path / "x.md").write_text("# Cooking\n1. Boil water.\n")
    with pytest.raises(UsageError, match="no numbered step under a heading of the guide"):
        read_guide(tmp_path / "x.md")
    with pytest.raises(UsageError, match="cannot be read"):
        read_guide(tmp_path / "nowhere.md")


@pytest.mark.parametrize("edition", KNOWN)
def test_the_known_wording_covers_every_clause_of_its_pages(edition):
    pages = known_hashes(edition)
    for one in clauses_of(edition):
        if one.page in pages:
            assert one.step_in(edition) in pages[one.page], one.id
    assert edition in EDITIONS


def test_an_edition_whose_wording_is_unknown_asks_for_the_earlier_text():
    with pytest.raises(UsageError, match="--from"):
        known_hashes("2024-04")


def test_known_hashes_are_those_of_the_words():
    login = "Login using your AWS credentials"
    assert KNOWN["2023-08"][PAGE]["3"] == (hash_of(login),)
    assert plain("**Login** using your AWS credentials ") == login


def record(name: str, clauses: tuple[str, ...], **guide: str) -> Record:
    told = {"edition": "2023-08", "sha256": edition_sha256("2023-08"), **guide}
    return Record(name, True, {"verdict": "GO", "guide": told, "matrix": [{"clause": one} for one in clauses]})


def test_sign_offs_with_a_changed_clause_are_stale():
    found = diff(OLD.replace("**multi-account**", "single-account"))
    records = (
        record("1.0", ("SSL-1", "AWS-4.2")),
        record("0.9", ("SSL-1",)),
        record("0.8", ("AWS-4.2",), edition="2023-06"),
        record("0.7", ("SSL-1",), sha256="0" * 64),
    )
    assert [(one.record, one.clauses) for one in stale(records, found)] == [("1.0", ("AWS-4.2",)), ("0.7", ())]


def test_the_hash_of_an_edition_tells_editions_apart():
    assert len({edition_sha256(name) for name in EDITIONS}) == len(EDITIONS)
