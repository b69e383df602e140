"""Runs controls over what an account reads, keeps every finding, and holds a performing scenario to its contract.

May import ``controls`` and rows below; knows nothing of pytest (``skip`` is handed in).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Never

from dicfix.accounts import Account, Done, How
from dicfix.controls import CONTROLS, controls_of, run_control
from dicfix.findings import Axis, Finding, Status, raise_for, worst


class ContractBroken(AssertionError):
    """A performing scenario did not behave as one: its control could not tell before from after."""


def _as_it_is(finding: Finding) -> Finding:
    return finding


class Judge:
    """Judges one scenario: ``clauses`` are the ids that its tags name, ``findings`` everything that was judged.

    ``waive`` gives a finding after the run's waivers.
    """

    def __init__(
        self,
        account: Account,
        clauses: Iterable[str],
        *,
        now: Callable[[], datetime],
        skip: Callable[[str], Never],
        waive: Callable[[Finding], Finding] = _as_it_is,
    ) -> None:
        self._account = account
        self._now = now
        self._skip = skip
        self._waive = waive
        self.clauses = tuple(clauses)
        self.findings: list[Finding] = []
        self.done: list[Done] = []
        self._before: dict[str, tuple[Finding, ...]] = {}

    def judged(self, control_id: str) -> tuple[Finding, ...]:
        """The findings of one control on the account as it is now."""
        inventory = self._account.read(CONTROLS[control_id].needs)
        return run_control(control_id, inventory, self._account.settings, self._now())

    def expect(self, *control_ids: str) -> None:
        """Judge the controls and keep the findings.

        Raises FindingFailed or FindingUnreadable; skips, with the reason, when only a person can see it or it does not
        apply.
        """
        __tracebackhide__ = True
        findings = [self._waive(finding) for one in control_ids for finding in self.judged(one)]
        self.findings.extend(findings)
        raise_for(findings)
        status = worst(findings)
        if status in (Status.MANUAL, Status.NOT_APPLICABLE):
            self._skip("; ".join(f"{f.status.value}: {f.control}: {f.observed}" for f in findings))

    def expect_failed(self, control_id: str, words: str) -> None:
        """Hold that a control FAILs with these words; what it found is no finding of the scenario.

        Raises FindingUnreadable when the control could not judge, and AssertionError when it says otherwise.
        """
        __tracebackhide__ = True
        findings = self.judged(control_id)
        raise_for(f for f in findings if f.status is Status.UNREADABLE)
        if not any(f.status is Status.FAIL and words in f.sentence() for f in findings):
            seen = "; ".join(f"{f.status.value} {f.sentence()}" for f in findings)
            raise AssertionError(f"{control_id} says {seen}; expected FAIL with {words!r}")

    def record(self, done: Done) -> Done:
        """Keep what became of a step."""
        self.done.append(done)
        return done

    def guide_controls(self) -> tuple[str, ...]:
        """The guide-axis controls that answer for this scenario's clauses."""
        found = [c.id for one in self.clauses for c in controls_of(one) if c.axis is Axis.GUIDE]
        return tuple(dict.fromkeys(found))

    def begin_performing(self, reason: str) -> None:
        """Run the scenario's controls before its step: in a fresh account each FAILs for ``reason``.

        Already PASS means that the step will be found done. Raises ContractBroken when no control can fail or one
        fails for another reason, and FindingUnreadable when the account cannot be read.
        """
        self._before = {one: self.judged(one) for one in self.guide_controls()}
        findings = [f for group in self._before.values() for f in group]
        raise_for(f for f in findings if f.status is Status.UNREADABLE)
        if not {Status.FAIL, Status.PASS} & {f.status for f in findings}:
            raise ContractBroken(f"no control of {', '.join(self.clauses)} can fail before the step is performed")
        others = [f for f in findings if f.status is Status.FAIL and f.reason != reason]
        if others:
            text = "; ".join(f"{f.sentence()} ({f.reason})" for f in others)
            raise ContractBroken(f"before the step, the reason should be {reason!r}: {text}")

    def end_performing(self) -> None:
        """Hold the contract after the scenario: FAIL before needs a performed step, PASS a found one; both end in PASS.

        Raises ContractBroken, or what ``raise_for`` raises of controls that do not PASS now.
        """
        __tracebackhide__ = True
        if not self._before:
            raise ContractBroken("the scenario is marked @performs, but its controls were not run before a step")
        if not self.done:
            raise ContractBroken("the scenario is marked @performs, but none of its steps performed anything")
        failed_before = any(f.status is Status.FAIL for group in self._before.values() for f in group)
        performed = any(one.how is How.PERFORMED for one in self.done)
        if failed_before and not performed:
            raise ContractBroken("the control failed before the step, and yet the step found everything already done")
        if not failed_before and performed:
            raise ContractBroken("the control passed before the step, and yet the step had something to perform")
        self._require_pass_now()

    def _require_pass_now(self) -> None:
        __tracebackhide__ = True
        now = {one: self.judged(one) for one in self._before}
        raise_for(f for group in now.values() for f in group)
        gone = [one for one in now if _could_tell(self._before[one]) and not _passes(now[one])]
        if gone:
            raise ContractBroken(f"after the step, {', '.join(gone)} judged nothing any more")

    def account_of_steps(self) -> str:
        """What was performed, found and judged, as lines for a report."""
        lines = [one.sentence() for one in self.done]
        lines += [f"before: {f.status.value} {f.sentence()}" for group in self._before.values() for f in group]
        lines += [f"{f.status.value} {f.sentence()}" for f in self.findings]
        return "\n".join(lines)


def _could_tell(findings: tuple[Finding, ...]) -> bool:
    return any(f.status in (Status.FAIL, Status.PASS) for f in findings)


def _passes(findings: tuple[Finding, ...]) -> bool:
    return any(f.status is Status.PASS for f in findings)
