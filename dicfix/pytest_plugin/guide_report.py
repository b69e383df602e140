"""What Allure and the lint are told of the guide: clause texts, epic, environment and categories."""

from __future__ import annotations

import pytest

from dicfix.findings import Evidence
from dicfix.guide import CLAUSES, clause
from dicfix.pytest_plugin import run_report
from dicfix.pytest_plugin.machinery import PLAIN_TAGS, Machinery
from dicfix.pytest_plugin.selection import BOARD, OFFLINE_ONLY, ONBOARD_ONLY
from dicfix.reports.guide_identity import edition_sha256
from dicfix.settings import Settings

_TAGS = {
    **PLAIN_TAGS,
    ONBOARD_ONLY: "the scenario performs or connects, which an audit never does",
    BOARD: "a real board on AWS runs the scenario",
    OFFLINE_ONLY: "only the embedded cloud can be brought into the state that the scenario needs",
}

_CATEGORIES = (
    {"name": "Waived", "matchedStatuses": ["failed"], "messageRegex": r"WAIVED: [\s\S]*"},
    {
        "name": "Guide deviation",
        "matchedStatuses": ["failed"],
        "messageRegex": r"^(?!WAIVED: )[\s\S]*",
    },
    {
        "name": "Unreadable",
        "matchedStatuses": ["broken"],
        "messageRegex": r"[\s\S]*(Unreadable|could not be read)[\s\S]*",
    },
    {"name": "Environment", "matchedStatuses": ["broken"]},
    {"name": "Not applicable here", "matchedStatuses": ["skipped"]},
)
"""In what regular expressions of Java and JavaScript share: Allure 2 matches whole messages, Allure 3 parts."""


def describe_clause(clause_id: str) -> str:
    """A clause as Markdown: its text, where to click, and what the guide prints wrongly."""
    one = clause(clause_id)
    lines = [f"({one.page}, step {one.step}) {one.text}"]
    if one.console_path:
        lines.append(f"Console: {one.console_path}")
    lines += [f"Slip in the guide: {slip}" for slip in one.slips]
    return "\n\n".join(lines)


def machinery(config: pytest.Config, settings: Settings) -> Machinery:
    """The settings of the generic plugin modules for this run."""
    return Machinery(
        epic=f"DIC guide {settings.edition}",
        describe_clause=describe_clause,
        clause_url=lambda clause_id: run_report.guide_address(clause_id, settings),
        known_clauses=frozenset(one.id for one in CLAUSES),
        tag_keys=frozenset({"severity", "edition", "owner", "before"}),
        plain_tags=_TAGS,
        environment=lambda: environment(config, settings),
        executor=lambda: run_report.executor(settings),
        categories=_CATEGORIES,
        run_fields=lambda: run_fields(settings),
        reports_dir=config.rootpath / "reports",
    )


def environment(config: pytest.Config, settings: Settings) -> dict[str, str]:
    """What the report says about the run's surroundings, what matters most first; asked for at its end."""
    return {
        "Guide edition": settings.edition,
        "Evidence": evidence_of(settings).value,
        "Account": settings.account or ("embedded" if settings.target == "offline" else "not named"),
        "Region": settings.region,
        "Caller": run_report.caller_of(run_report.findings_of(config)) or "not looked at",
        "Firmware profile": settings.firmware_profile,
        "Mode": settings.mode,
        "Target": settings.target,
        "Guide SHA-256 of the clauses": edition_sha256(settings.edition),
        **run_report.tools_and_revision(config.rootpath),
    }


def run_fields(settings: Settings) -> dict[str, object]:
    """What the manifest says of the run: what was judged, where, and what that is worth as evidence."""
    return {
        "edition": settings.edition,
        "guide_sha256": edition_sha256(settings.edition),
        "mode": settings.mode,
        "target": settings.target,
        "account": settings.account,
        "region": settings.region,
        "firmware_profile": settings.firmware_profile,
        "real_boards": list(settings.real_boards),
        "evidence": evidence_of(settings).value,
    }


def evidence_of(settings: Settings) -> Evidence:
    """The level of a run's evidence.

    An endpoint that only speaks AWS's API simulates it. A board is seen in an audit of real boards alone: a run that
    onboards connects virtual devices, and never in a board's name.
    """
    if settings.target == "offline" or settings.endpoint_url:
        return Evidence.SIMULATED
    boards = set(settings.real_boards)
    audited = (
        settings.mode == "audit" and bool(boards) and boards.issuperset((*settings.devices, *settings.ota_targets))
    )
    return Evidence.BOARD if audited else Evidence.AWS
