"""Takes the OTA half apart again: updates with stream and job, profile, certificate, objects, bucket, role.

One list of calls for each kind of resource; ``offboarding`` runs them. May import ``aws``, the journal and the site.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dicfix.accounts.journal import Entry
from dicfix.accounts.site import Site
from dicfix.accounts.waiting import wait_until
from dicfix.aws import buckets, code_signing, jobs, ota, roles, signing
from dicfix.aws.answers import unless_absent
from dicfix.aws.session import AwsSession
from dicfix.errors import AwsRefused
from dicfix.guide.ota_rights import JOB_PREFIX

_GONE = ("ResourceNotFoundException", "NoSuchBucket", "NoSuchEntity", "NoSuchEntityException")
_NOT_FOUND = "ResourceNotFoundException"

Call = Callable[[], None]


def prefix_of(update_id: str) -> str:
    """Where everything of an update lies in the bucket."""
    return f"dicfix/{update_id}/"


def ota_calls(site: Site, entry: Entry) -> Iterator[Call]:
    """What removes a resource of the OTA half, in order; a call for what is gone says ResourceNotFoundException."""
    for call in _REMOVALS[entry.kind](site, entry):
        yield lambda call=call: _unless_gone(call)  # type: ignore[misc]


def _unless_gone(call: Call) -> None:
    try:
        call()
    except AwsRefused as error:
        if error.code in _GONE:
            raise AwsRefused(error.operation, _NOT_FOUND, error.observed) from error
        raise


def _ota_update(site: Site, entry: Entry) -> Iterator[Call]:
    yield lambda: remove_update(site, entry.name)


def remove_update(site: Site, update_id: str) -> None:
    """Delete an update with its stream and its job, and wait until all three are gone (deadline ``ota_delete_s``).

    Raises AwsRefused ResourceNotFoundException when none of them was there.
    """
    session, job_id = site.session, JOB_PREFIX + update_id
    has_job = jobs.job_exists(session, job_id)
    stream_id = ota.stream_of(session, job_id) if has_job else ""
    has_update = ota.ota_update_info(session, update_id) is not None
    if has_update:
        ota.delete_ota_update(session, update_id)
    elif has_job:
        # A run that was killed while it removed the update may have left the job.
        unless_absent(lambda: jobs.delete_job(session, job_id), _GONE)
    else:
        raise AwsRefused("iot:DeleteOTAUpdate", _NOT_FOUND, f"there is no OTA update {update_id}")
    _await_gone(site, f"OTA update {update_id}", lambda: ota.ota_update_info(session, update_id) is not None)
    _await_gone(site, f"job {job_id}", lambda: jobs.job_exists(session, job_id))
    if stream_id and ota.stream_exists(session, stream_id):
        unless_absent(lambda: ota.delete_stream(session, stream_id), _GONE)


def _await_gone(site: Site, what: str, exists: Callable[[], bool]) -> None:
    deadlines = site.settings.deadlines
    wait_until(
        lambda: None if exists() else True,
        name="ota_delete_s",
        timeout_s=deadlines.ota_delete_s,
        poll_s=deadlines.poll_s,
        waiting_for=f"the end of {what}",
    )


def _profile(site: Site, entry: Entry) -> Iterator[Call]:
    yield lambda: _cancel(site.session, entry.name)


def _cancel(session: AwsSession, name: str) -> None:
    found = signing.read_signing_profile(session, name)
    if found is None or found.status != "Active":
        raise AwsRefused("signer:CancelSigningProfile", _NOT_FOUND, f"there is no Active signing profile {name}")
    signing.cancel_signing_profile(session, name)


def _certificate(site: Site, entry: Entry) -> Iterator[Call]:
    yield lambda: _delete_certificate(site.session, entry.name)


def _delete_certificate(session: AwsSession, certificate_id: str) -> None:
    arn = code_signing.arn_of(session, certificate_id)
    if arn is None:
        raise AwsRefused("acm:DeleteCertificate", _NOT_FOUND, f"ACM has no certificate {certificate_id[:12]}")
    code_signing.delete_certificate(session, arn)


def _objects(site: Site, entry: Entry) -> Iterator[Call]:
    yield lambda: buckets.delete_objects(site.session, entry.name, entry.target)


def _bucket(site: Site, entry: Entry) -> Iterator[Call]:
    yield lambda: buckets.delete_objects(site.session, entry.name, "")
    yield lambda: buckets.delete_bucket(site.session, entry.name)


def _attachment(site: Site, entry: Entry) -> Iterator[Call]:
    yield lambda: roles.detach_managed_policy(site.session, entry.name, entry.target)


def _inline(site: Site, entry: Entry) -> Iterator[Call]:
    yield lambda: roles.delete_inline_policy(site.session, entry.name, entry.target)


def _role(site: Site, entry: Entry) -> Iterator[Call]:
    yield lambda: roles.delete_role(site.session, entry.name)


def _thing_group(site: Site, entry: Entry) -> Iterator[Call]:
    yield lambda: jobs.delete_thing_group(site.session, entry.name)


_REMOVALS: dict[str, Callable[[Site, Entry], Iterator[Call]]] = {
    "OTA update": _ota_update,
    "signing profile": _profile,
    "code-signing certificate": _certificate,
    "objects": _objects,
    "bucket": _bucket,
    "role policy attachment": _attachment,
    "role policy": _inline,
    "role": _role,
    "thing group": _thing_group,
}
OTA_KINDS = frozenset(_REMOVALS)
"""The kinds of the journal that are removed here."""
