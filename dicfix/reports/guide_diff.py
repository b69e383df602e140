"""Which clauses another text of the guide changes, and which sign-offs that makes stale.

Belongs here: matching steps by what they say, so that an inserted step does not change all that follow. May import the
guide, its texts and the records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from dicfix.errors import UsageError
from dicfix.guide import clauses_of
from dicfix.reports.changes import Record
from dicfix.reports.guide_identity import edition_sha256
from dicfix.reports.guide_known import KNOWN
from dicfix.reports.guide_text import Steps, hash_of

Hashes = Mapping[str, tuple[str, ...]]


class Kind(Enum):
    """What became of a step."""

    CHANGED = "changed"
    RENUMBERED = "renumbered"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class StepChange:
    """One step: ``step`` as it was (as it is, when added), ``now`` its number in the new text.

    ``added`` are its new statements, ``gone`` counts those that are no longer there.
    """

    page: str
    step: str
    now: str
    kind: Kind
    clauses: tuple[str, ...]
    added: tuple[str, ...] = ()
    gone: int = 0


@dataclass(frozen=True, slots=True)
class GuideDiff:
    """Everything that differs; ``compared`` are the pages that both texts have.

    ``unknown`` are pages without an old text, ``absent`` those without a new one.
    """

    edition: str
    compared: tuple[str, ...]
    unknown: tuple[str, ...]
    absent: tuple[str, ...]
    changes: tuple[StepChange, ...]

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses whose step says something else, or nothing any more."""
        kinds = (Kind.CHANGED, Kind.REMOVED)
        return tuple(dict.fromkeys(one for change in self.changes if change.kind in kinds for one in change.clauses))


@dataclass(frozen=True, slots=True)
class Stale:
    """A frozen sign-off that rests on what changed."""

    record: str
    verdict: str
    clauses: tuple[str, ...]
    why: str


def known_hashes(edition: str) -> dict[str, Hashes]:
    """The pages of an edition whose wording is known, as hashes; raises UsageError where none is."""
    if edition not in KNOWN:
        raise UsageError(
            f"the wording of edition {edition} is not known here",
            expected=f"an edition of which it is ({', '.join(KNOWN)}), or an earlier text",
            remedy="name the earlier text with --from",
        )
    return dict(KNOWN[edition])


def hashes_of(pages: Mapping[str, Steps]) -> dict[str, Hashes]:
    """The same pages as hashes."""
    return {
        page: {number: tuple(map(hash_of, lines)) for number, lines in steps.items()} for page, steps in pages.items()
    }


def compare(edition: str, before: Mapping[str, Hashes], after: Mapping[str, Steps]) -> GuideDiff:
    """What a new text says otherwise than the text before; raises UsageError where they have no page in common."""
    both = tuple(page for page in before if page in after)
    if not both:
        raise UsageError(
            "the texts have no page in common", expected=f"one of {', '.join(before)}", remedy="name both with --from"
        )
    changes = [change for page in both for change in _page(edition, page, before[page], after[page])]
    unknown = tuple(page for page in after if page not in before)
    return GuideDiff(edition, both, unknown, tuple(page for page in before if page not in after), tuple(changes))


def _page(edition: str, page: str, before: Hashes, after: Steps) -> Iterable[StepChange]:
    hashes = {number: tuple(map(hash_of, lines)) for number, lines in after.items()}
    pairs = _matched(before, hashes)
    for number, old in before.items():
        clauses = _clauses(edition, page, number)
        now = pairs.get(number)
        if now is None:
            yield StepChange(page, number, "", Kind.REMOVED, clauses, gone=len(old))
        elif hashes[now] != old:
            added = tuple(text for text in after[now] if hash_of(text) not in old)
            gone = sum(one not in hashes[now] for one in old)
            yield StepChange(page, number, now, Kind.CHANGED, clauses, added, gone)
        elif now != number:
            yield StepChange(page, number, now, Kind.RENUMBERED, clauses)
    taken = set(pairs.values())
    for number, lines in after.items():
        if number not in taken:
            yield StepChange(page, number, number, Kind.ADDED, (), lines)


def _matched(before: Hashes, after: Hashes) -> dict[str, str]:
    """Old numbers to new ones: first the same words, then the same number, then the most words in common."""
    pairs: dict[str, str] = {}

    def free() -> list[str]:
        return [one for one in after if one not in pairs.values()]

    for number, lines in before.items():
        same = [one for one in free() if after[one] == lines]
        if same:
            pairs[number] = number if number in same else same[0]
    left = [(old, new) for old in before if old not in pairs for new in free()]
    shared = {(old, new): len(set(before[old]) & set(after[new])) for old, new in left}
    for old, new in sorted(left, key=lambda pair: (-shared[pair], pair[0] != pair[1])):
        if old not in pairs and new in free() and (shared[old, new] or old == new):
            pairs[old] = new
    return pairs


def _clauses(edition: str, page: str, step: str) -> tuple[str, ...]:
    return tuple(one.id for one in clauses_of(edition) if one.page == page and one.step_in(edition) == step)


def stale(records: Iterable[Record], diff: GuideDiff) -> tuple[Stale, ...]:
    """The sign-offs of this edition that a changed clause belongs to, or that were measured against other clauses."""
    return tuple(found for one in records if (found := _stale(one, diff)))


def _stale(record: Record, diff: GuideDiff) -> Stale | None:
    guide = record.twin.get("guide", {})
    if guide.get("edition") != diff.edition:
        return None
    signed = {row["clause"] for row in record.twin.get("matrix", ())}
    concerned = tuple(one for one in diff.clauses if one in signed)
    verdict = str(record.twin.get("verdict", ""))
    if concerned:
        return Stale(record.name, verdict, concerned, "the text of its clauses changes")
    if guide.get("sha256") not in ("", edition_sha256(diff.edition)):
        return Stale(record.name, verdict, (), "it was measured against other clauses than this version has")
    return None
