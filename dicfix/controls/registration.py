"""Controls of steps 2 to 4: who is logged in, and how the CA certificate is registered."""

from __future__ import annotations

from collections.abc import Iterator

from dicfix.controls.registry import Look, control
from dicfix.controls.subjects import ACTIVE, CA_NEEDS, CA_OPERATIONS, local_ca, registered_ca
from dicfix.findings import Finding, Severity
from dicfix.guide import EDITIONS
from dicfix.records import CaCertificate, known


def _name(ca: CaCertificate) -> str:
    return f"CA certificate {ca.certificate_id[:12]}"


@control(
    "DIC-ACC-01",
    clauses=("AWS-3", "OTA-2"),
    severity=Severity.CRITICAL,
    title="Somebody is logged in to the account that the run is meant for",
    rationale="Everything below is read in the account and Region of these credentials, right or wrong.",
    remedy="log in to the right account: aws configure sso, or set AWS_PROFILE",
    needs=("caller",),
    operations=("sts:GetCallerIdentity",),
)
def logged_in_to_the_account(look: Look) -> Iterator[Finding]:
    """AWS-3, OTA-2: logged in with AWS credentials."""
    caller = known(look.inventory.caller)
    wanted = look.settings.account
    yield look.judge(
        caller.arn or "the caller",
        bool(caller.arn) and len(caller.account) == 12 and wanted in ("", caller.account),
        expected=f"account {wanted}" if wanted else "an identity in an AWS account",
        observed=f"account {caller.account or 'unknown'} as {caller.arn or 'nobody'}",
    )


@control(
    "DIC-ACC-02",
    clauses=("AWS-2", "OTA-1", "OTA-3"),
    severity=Severity.CRITICAL,
    title="AWS answers in the Region of the configuration",
    rationale="Certificates, things and the endpoint belong to one Region; a device built for another cannot connect.",
    remedy="name the fleet's Region: --dicfix-region, or aws.region in dic.toml",
    needs=("caller", "endpoint"),
    operations=("sts:GetCallerIdentity", "iot:DescribeEndpoint"),
)
def aws_answers_in_the_region(look: Look) -> Iterator[Finding]:
    """AWS-2, OTA-1, OTA-3: AWS is reachable, and IoT Core with its endpoint available in the Region."""
    wanted = look.settings.region
    region = known(look.inventory.caller).region
    yield look.judge("AWS", region == wanted, expected=f"answers in {wanted}", observed=f"answers in {region}")
    endpoint = known(look.inventory.endpoint)
    if not look.settings.endpoint_url:
        yield look.judge(
            endpoint, f".iot.{wanted}." in endpoint, expected=f"a data endpoint in {wanted}", observed=endpoint
        )


@control(
    "DIC-CA-01",
    clauses=("AWS-4.1",),
    severity=Severity.BLOCKER,
    title="The CA certificate is registered",
    rationale="AWS IoT accepts a device certificate of one's own CA only when that CA is registered.",
    remedy="Security > Certificate authorities > Register CA certificate, or: aws iot register-ca-certificate",
    needs=CA_NEEDS,
    operations=CA_OPERATIONS,
)
def ca_certificate_is_registered(look: Look) -> Iterator[Finding]:
    """AWS-4.1: a CA certificate is registered."""
    ca = registered_ca(look)
    yield look.judge(_name(ca), True, expected="registered", observed="registered")


@control(
    "DIC-CA-02",
    clauses=("AWS-4.2",),
    title="The CA is registered in the mode that the edition asks for",
    rationale="Multi-account mode needs TLS server name indication, single account mode a verification certificate.",
    remedy="the mode is fixed at registration: delete the CA certificate and register it again in the right mode",
    needs=CA_NEEDS,
    operations=CA_OPERATIONS,
)
def ca_certificate_has_the_mode(look: Look) -> Iterator[Finding]:
    """AWS-4.2: Multi-account mode (SNI_ONLY), in 2024-04 Single account mode (DEFAULT)."""
    ca = registered_ca(look)
    mode = known(ca.mode)
    others = ", ".join(one.name for one in EDITIONS.values() if one.ca_mode == mode)
    right = mode == look.edition.ca_mode
    yield look.judge(
        _name(ca),
        right,
        expected=f"{look.edition.ca_mode} ({look.edition.ca_mode_printed})",
        observed=mode if right or not others else f"{mode}, which is what edition {others} asks for",
    )


@control(
    "DIC-CA-03",
    clauses=("AWS-4.4",),
    severity=Severity.CRITICAL,
    title="The CA certificate is ACTIVE",
    rationale="No certificate of an inactive CA can be registered; judged in 2024-04 too, since AWS needs it.",
    remedy="aws iot update-ca-certificate --certificate-id <id> --new-status ACTIVE",
    needs=CA_NEEDS,
    operations=CA_OPERATIONS,
    editions=tuple(EDITIONS),
)
def ca_certificate_is_active(look: Look) -> Iterator[Finding]:
    """AWS-4.4: CA status Active."""
    ca = registered_ca(look)
    status = known(ca.status)
    yield look.judge(_name(ca), status == ACTIVE, expected=ACTIVE, observed=status)


@control(
    "DIC-CA-04",
    clauses=("AWS-4.5",),
    title="Automatic certificate registration is ON",
    rationale="With it a device that connects first is kept as PENDING_ACTIVATION instead of being unknown for ever.",
    remedy="aws iot update-ca-certificate --certificate-id <id> --new-auto-registration-status ENABLE",
    needs=CA_NEEDS,
    operations=CA_OPERATIONS,
)
def automatic_registration_is_on(look: Look) -> Iterator[Finding]:
    """AWS-4.5: Automatic certificate registration ON."""
    ca = registered_ca(look)
    setting = known(ca.auto_registration)
    yield look.judge(_name(ca), setting == "ENABLE", expected="ENABLE (ON)", observed=setting)


@control(
    "DIC-CA-05",
    clauses=("AWS-4.3",),
    severity=Severity.CRITICAL,
    title="The registered CA certificate is CA.crt",
    rationale="Certificates signed with CA.key are admitted by no other CA, however alike its name.",
    remedy="register CA.crt of this project under Security > Certificate authorities",
    needs=CA_NEEDS,
    operations=CA_OPERATIONS,
)
def registered_ca_is_our_file(look: Look) -> Iterator[Finding]:
    """AWS-4.3: the CA certificate chosen is the CA.crt of step 1."""
    ca = registered_ca(look)
    local = local_ca(look)
    wanted = local.certificate_id if local else look.settings.ca_certificate_id
    if not wanted:
        yield look.manual(f"the SHA-256 fingerprint of CA.crt, to compare with {ca.certificate_id}", _name(ca))
        return
    yield look.judge(
        _name(ca), ca.certificate_id == wanted, expected=f"id {wanted}", observed=f"id {ca.certificate_id}"
    )
