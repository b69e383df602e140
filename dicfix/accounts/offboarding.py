"""Takes an onboarding apart again, in the order that AWS demands, and only what the journal says is ours.

Order: the OTA half first (``ota_offboarding``); automatic registration off (else a deleted certificate whose device
still connects comes back as PENDING_ACTIVATION), detach things and policies, deactivate and delete certificates, then
things, policy and CA certificate. What AWS does late is polled with a named deadline. May import ``aws`` and the site.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dicfix.accounts import Done, How
from dicfix.accounts.journal import KINDS, Entry
from dicfix.accounts.ota_offboarding import OTA_KINDS, ota_calls
from dicfix.accounts.site import Site
from dicfix.accounts.waiting import wait_until
from dicfix.aws import policies, registry
from dicfix.errors import AwsRefused

_LATE = frozenset({"DeleteConflictException", "InvalidRequestException", "CertificateStateException"})
_GONE = "ResourceNotFoundException"


def clean_up(site: Site) -> Done:
    """Remove everything of ours from this account and Region; what is gone already counts as found."""
    return Done.of("clean-up", [(name, How.PERFORMED if here else How.FOUND) for name, here in removals(site)])


def remove_updates(site: Site, *, keep: tuple[str, str]) -> Done:
    """Remove every OTA update of ours with its stream, job and objects, but that of this name and its object prefix."""
    name, prefix = keep
    entries = [one for one in ours(site) if one.kind in ("OTA update", "objects")]
    others = [one for one in entries if one.name != name and one.target != prefix]
    return Done.of("other OTA updates", [(label(one), _remove(site, one)) for one in others])


def removals(site: Site) -> Iterator[tuple[str, bool]]:
    """Remove what is ours one by one: what it was, and whether it was still there."""
    close_automatic_registration(site)
    for entry in ours(site):
        was_there = _remove(site, entry) is How.PERFORMED
        site.reader.changed()
        yield label(entry), was_there


def ours(site: Site) -> list[Entry]:
    """What the journal knows in this account and Region, in the order in which it can be removed.

    Raises GuardRefused when another account is logged in than the run is meant for.
    """
    here = (site.caller.account, site.session.region)
    found = [entry for entry in site.journal if (entry.account, entry.region) == here]
    return sorted(found, key=lambda entry: KINDS.index(entry.kind))


def label(entry: Entry) -> str:
    """A resource as text for a report."""
    name = entry.name[:12] if len(entry.name) == 64 else entry.name
    if entry.kind in OTA_KINDS:
        return f"{entry.kind} {name}" + (f": {entry.target.rpartition('policy/')[2]}" if entry.target else "")
    target = f" to certificate {entry.target.rpartition('/')[2][:12]}" if entry.target else ""
    return f"{entry.kind} {name}{target}"


def close_automatic_registration(site: Site) -> None:
    """Switch automatic registration off for every CA certificate of ours that is still registered."""
    for entry in ours(site):
        if entry.kind == "CA certificate" and registry.read_ca_certificate(site.session, entry.name):
            registry.update_ca_certificate(site.session, entry.name, auto_registration=False)


def _remove(site: Site, entry: Entry) -> How:
    gone = False
    for call in _calls(site, entry):
        gone = _call_until_allowed(site, entry, call)
    site.journal.removed(entry)
    return How.FOUND if gone else How.PERFORMED


def _calls(site: Site, entry: Entry) -> Iterator[Callable[[], None]]:
    session, name = site.session, entry.name
    if entry.kind in OTA_KINDS:
        yield from ota_calls(site, entry)
    elif entry.kind == "thing attachment":
        yield lambda: registry.detach_from_thing(session, name, entry.target)
    elif entry.kind == "policy attachment":
        yield lambda: policies.detach_policy(session, name, entry.target)
    elif entry.kind == "certificate":
        yield lambda: _deactivate(site, name)
        yield lambda: registry.delete_certificate(session, name)
    elif entry.kind == "thing":
        yield lambda: registry.delete_thing(session, name)
    elif entry.kind == "policy":
        yield lambda: policies.delete_policy(session, name)
    else:
        yield lambda: registry.update_ca_certificate(session, name, status="INACTIVE")
        yield lambda: registry.delete_ca_certificate(session, name)


def _deactivate(site: Site, certificate_id: str) -> None:
    found = registry.read_certificate(site.session, certificate_id)
    # A REVOKED certificate takes no other status, and needs none: only an ACTIVE one cannot be deleted.
    if found is not None and found.status not in ("INACTIVE", "REVOKED"):
        registry.update_certificate(site.session, certificate_id, "INACTIVE")


def _call_until_allowed(site: Site, entry: Entry, call: Callable[[], None]) -> bool:
    """Call until AWS, which detaches late, allows it; True when the resource was gone already."""
    last: list[AwsRefused] = []

    def tried() -> bool | None:
        try:
            call()
        except AwsRefused as error:
            if error.code == _GONE:
                return True
            if error.code not in _LATE or not site.settings.deadlines.detach_s:
                raise
            last[:] = [error]
            return None
        return False

    return wait_until(
        tried,
        name="detach_s",
        timeout_s=site.settings.deadlines.detach_s,
        poll_s=site.settings.deadlines.poll_s,
        waiting_for=lambda: f"removing {label(entry)} ({last[0].code if last else 'no answer'})",
    )
