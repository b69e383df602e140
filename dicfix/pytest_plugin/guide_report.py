"""What Allure and the lint are told of the guide: clause texts, epic, environment and categories."""

from __future__ import annotations

import pytest

from dicfix.guide import CLAUSES, clause
from dicfix.pytest_plugin.machinery import PLAIN_TAGS, Machinery
from dicfix.pytest_plugin.selection import OFFLINE_ONLY, ONBOARD_ONLY
from dicfix.settings import Settings

_TAGS = {
    **PLAIN_TAGS,
    ONBOARD_ONLY: "the scenario performs or connects, which an audit never does",
    OFFLINE_ONLY: "only the embedded cloud can be brought into the state that the scenario needs",
}

_CATEGORIES = (
    {"name": "Guide deviation", "matchedStatuses": ["failed"]},
    {"name": "Unreadable", "matchedStatuses": ["broken"], "messageRegex": ".*(Unreadable|could not be read).*"},
    {"name": "Environment", "matchedStatuses": ["broken"]},
    {"name": "Not applicable here", "matchedStatuses": ["skipped"]},
)


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
        known_clauses=frozenset(one.id for one in CLAUSES),
        tag_keys=frozenset({"severity", "edition", "owner", "before"}),
        plain_tags=_TAGS,
        environment=lambda: environment(settings),
        categories=_CATEGORIES,
        run_fields=lambda: {"edition": settings.edition, "mode": settings.mode, "target": settings.target},
        reports_dir=config.rootpath / "reports",
    )


def environment(settings: Settings) -> dict[str, str]:
    """What the report says about the run's surroundings."""
    return {
        "Guide edition": settings.edition,
        "Mode": settings.mode,
        "Target": settings.target,
        "Region": settings.region,
        "Account": settings.account or ("embedded" if settings.target == "offline" else "not named"),
        "Evidence": "simulated" if settings.target == "offline" else "AWS with virtual device",
    }
