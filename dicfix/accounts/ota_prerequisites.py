"""Performs the prerequisites of an OTA update: bucket, service role, code-signing certificate, signing profile.

Each function is idempotent, notes in the journal what it makes, and alters nothing that is not ours. No user is ever
created. May import ``aws``, ``guide``, ``controls`` (to tell whether a role suffices), ``keystore`` and the site.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dicfix.accounts import Done, How
from dicfix.accounts.site import Site
from dicfix.aws import buckets, code_signing, roles, signing
from dicfix.certificates import CaMaterial
from dicfix.controls import controls_of, run_control
from dicfix.errors import UsageError
from dicfix.findings import Status, raise_for, worst
from dicfix.guide.ota_rights import MANAGED_POLICY, SERVICE, OtaPlace, Right, object_rights, pass_role_rights
from dicfix.keystore.code_signing import CERTIFICATE, ensure_code_signing
from dicfix.ota_records import PUBLIC_ACCESS_BLOCKS, Bucket
from dicfix.records import known
from dicfix.settings import ota_bucket

Part = tuple[str, How]
PASS_ROLE_POLICY = "dic-ota-pass-role"  # noqa: S105 - a policy's name
OBJECTS_POLICY = "dic-ota-objects"


def place_of(site: Site) -> OtaPlace:
    """Account, Region, bucket, role and profile of this run, in the partition of whoever is logged in."""
    settings, account = site.settings, site.caller.account
    partition = re.sub(r"^arn:([\w-]+):.*$", r"\1", site.caller.arn)
    return OtaPlace(
        account=account,
        region=site.session.region,
        bucket=ota_bucket(settings, account),
        role_arn=f"arn:{partition}:iam::{account}:role/{settings.ota_role}",
        profile=settings.signing_profile,
        partition=partition,
    )


# The bucket


def ensure_bucket(site: Site) -> Done:
    """The bucket in this Region, with versioning and public access blocked. Source: PRE-1, OTA-12."""
    name = place_of(site).bucket
    found = buckets.read_bucket(site.session, name)
    if found is None:
        with site.making("bucket", name):
            buckets.create_bucket(site.session, name)
        _set_up(site, name)
        return Done.of("bucket", [(f"bucket {name}", How.PERFORMED)])
    return Done.of("bucket", [(f"bucket {name}", _bring_bucket_in_line(site, found))])


def _bring_bucket_in_line(site: Site, found: Bucket) -> How:
    region, versioning = known(found.region), known(found.versioning)
    if region != site.session.region:
        raise UsageError(
            f"bucket {found.name} is in {region}",
            expected=f"a bucket in {site.session.region}, where the update is made",
            remedy="name another bucket in dic.toml ([ota] bucket)",
        )
    blocked = all(known(found.public_access_block).get(one) for one in PUBLIC_ACCESS_BLOCKS)
    if blocked and versioning == "Enabled":
        return How.FOUND
    lacks = f"has versioning {versioning or 'off'} and public access {'blocked' if blocked else 'open'}"
    site.require_ours("bucket", found.name, lacks, "versioning Enabled, public access blocked (PRE-1)")
    _set_up(site, found.name)
    return How.PERFORMED


def _set_up(site: Site, name: str) -> None:
    buckets.block_public_access(site.session, name)
    buckets.set_versioning(site.session, name, "Enabled")
    site.reader.changed()


# The service role


def trust_policy(place: OtaPlace) -> dict[str, Any]:
    """Who may assume the role: AWS IoT, for this account and Region alone.

    Source: PRE-2, create-service-role; cross-service-confused-deputy-prevention of the developer guide.
    """
    return _document(
        {
            "Effect": "Allow",
            "Principal": {"Service": SERVICE},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": place.account},
                "ArnLike": {"aws:SourceArn": place.arn("iot", "*")},
            },
        }
    )


def managed_policy_arn(place: OtaPlace) -> str:
    """The ARN of the managed policy AmazonFreeRTOSOTAUpdate."""
    return f"arn:{place.partition}:iam::aws:policy/service-role/{MANAGED_POLICY}"


def inline_policies(place: OtaPlace) -> dict[str, dict[str, Any]]:
    """The role's own statements by policy name: passing itself, and the objects of the bucket. Source: PRE-2."""
    wanted = {PASS_ROLE_POLICY: pass_role_rights(place), OBJECTS_POLICY: object_rights(place)}
    return {name: _document(*_allowing(rights)) for name, rights in wanted.items()}


def _document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allowing(rights: tuple[Right, ...]) -> Iterator[dict[str, Any]]:
    for resource in dict.fromkeys(one.resource for one in rights):
        actions = [one.action for one in rights if one.resource == resource]
        yield {"Effect": "Allow", "Action": actions, "Resource": resource}


def ensure_role(site: Site) -> Done:
    """The OTA service role with its trust, the managed policy and its own statements. Source: PRE-2, OTA-14.

    A role of that name that has every right already is found, however it is written.
    """
    name, place = site.settings.ota_role, place_of(site)
    parts: list[Part] = []
    site.reader.changed()
    found = known(site.reader.read(["ota_role"]).ota_role)
    if found is None:
        with site.making("role", name):
            roles.create_role(site.session, name, trust_policy(place))
        parts.append((f"role {name}", How.PERFORMED))
    elif _suffices(site, "PRE-2"):
        return Done.of("OTA service role", [(f"role {name}", How.FOUND)])
    else:
        site.require_ours("role", name, "lacks trust or rights", "the OTA service role of the prerequisites (PRE-2)")
        roles.set_trust(site.session, name, trust_policy(place))
        parts.append((f"trust of role {name}", How.PERFORMED))
    parts += _ensure_policies(site, name, place, known(found.attached_policies) if found else ())
    site.reader.changed()
    return Done.of("OTA service role", parts)


def _suffices(site: Site, clause_id: str) -> bool:
    findings = [
        f
        for c in controls_of(clause_id)
        for f in run_control(c.id, site.reader.read(c.needs), site.settings, site.now())
    ]
    raise_for(f for f in findings if f.status is Status.UNREADABLE)
    return worst(findings) is Status.PASS


def _ensure_policies(site: Site, role: str, place: OtaPlace, attached: Collection[str]) -> Iterator[Part]:
    managed = managed_policy_arn(place)
    if managed in attached:
        yield f"policy {MANAGED_POLICY}", How.FOUND
    else:
        with site.making("role policy attachment", role, managed):
            roles.attach_managed_policy(site.session, role, managed)
        yield f"policy {MANAGED_POLICY}", How.PERFORMED
    for name, document in inline_policies(place).items():
        with site.making("role policy", role, name):
            roles.put_inline_policy(site.session, role, name, document)
        yield f"policy {name}", How.PERFORMED


# Code signing


def ensure_code_signing_files(site: Site) -> CaMaterial:
    """The code-signing key and certificate in the certificate directory. Source: PRE-4."""
    return ensure_code_signing(site.keystore, now=site.now()).material


def ensure_certificate(site: Site) -> Done:
    """The code-signing certificate, made here and imported in ACM. Source: PRE-4."""
    return Done.of("code-signing certificate", [_ensure_imported(site)[0]])


def _ensure_imported(site: Site) -> tuple[Part, str]:
    material = ensure_code_signing_files(site)
    certificate_id = material.certificate.certificate_id
    label = f"certificate {certificate_id[:12]}"
    arn = code_signing.arn_of(site.session, certificate_id)
    if arn is not None:
        return (label, How.FOUND), arn
    with site.making("code-signing certificate", certificate_id):
        arn = code_signing.import_certificate(site.session, material.certificate, material.key)
    return (label, How.PERFORMED), arn


def ensure_signing_profile(site: Site) -> Done:
    """The signing profile, Active, with the code-signing certificate; an Active one of that name is reused.

    Raises UsageError for one that was cancelled or revoked, since AWS keeps its name. Source: OTA-10.
    """
    name = site.settings.signing_profile
    found = signing.read_signing_profile(site.session, name)
    if found is not None:
        status = known(found.status)
        if status != "Active":
            raise UsageError(
                f"signing profile {name} is {status}",
                expected="an Active profile; AWS keeps the name of one that was cancelled",
                remedy="name another profile in dic.toml ([ota] signing_profile)",
            )
        return Done.of("signing profile", [(f"profile {name}", How.FOUND)])
    certificate, arn = _ensure_imported(site)
    with site.making("signing profile", name):
        signing.put_signing_profile(site.session, name, arn, certificate_path=CERTIFICATE)
    return Done.of("signing profile", [certificate, (f"profile {name}", How.PERFORMED)])


def signer_pem(site: Site, profile: str = "") -> str:
    """The certificate that devices verify with: the signing profile's own in ACM, as PEM text."""
    name = profile or site.settings.signing_profile
    found = signing.read_signing_profile(site.session, name)
    if found is None:
        raise UsageError(f"there is no signing profile {name}")
    return code_signing.read_pem(site.session, known(found.certificate_arn))
