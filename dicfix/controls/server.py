"""Controls of step 8: the server certificate, as a file and on the wire."""

from __future__ import annotations

from collections.abc import Iterator

from dicfix.certificates import read_certificate
from dicfix.controls.registry import Look, control
from dicfix.controls.subjects import local_files
from dicfix.findings import Finding, Severity
from dicfix.guide.values import SERVER_ROOT_NAME
from dicfix.records import known
from dicfix.trust import AMAZON_ROOT_CA_1, identify_root

_FILE = "AmazonRootCA1.pem"


def _root_name(pem: str, what: str) -> str:
    return identify_root(pem, what) or f"a certificate of {read_certificate(pem, what).subject}"


@control(
    "DIC-SRV-01",
    clauses=("AWS-8.1",),
    severity=Severity.CRITICAL,
    title="AmazonRootCA1 is stored as a .pem file",
    rationale="With any other root the endpoint's certificate does not verify.",
    remedy="copy https://www.amazontrust.com/repository/AmazonRootCA1.pem again",
    needs=("local",),
)
def server_certificate_is_amazon_root_ca_1(look: Look) -> Iterator[Finding]:
    """AWS-8.1: told by its published SHA-256 fingerprint."""
    pem = known(local_files(look).server_certificate_pem)
    if pem is not None:
        name = _root_name(pem, _FILE)
        yield look.judge(_FILE, name == SERVER_ROOT_NAME, expected=SERVER_ROOT_NAME, observed=name)
    elif look.auditing:
        yield look.manual("the server certificate file that MQTT Explorer uses", _FILE)
    else:
        yield look.absent(_FILE, SERVER_ROOT_NAME, "no file")


@control(
    "DIC-SRV-02",
    clauses=("AWS-8.2",),
    severity=Severity.CRITICAL,
    title="The endpoint's certificate verifies with AmazonRootCA1",
    rationale="A server that another root vouches for is not the account's endpoint, or not its ATS one.",
    remedy="use the ATS endpoint (aws iot describe-endpoint --endpoint-type iot:Data-ATS) and AmazonRootCA1",
    needs=("probe", "server_root_pem"),
)
def endpoint_verifies_with_the_root(look: Look) -> Iterator[Finding]:
    """AWS-8.2: seen on a connection or by an opt-in probe; offline a stand-in root takes Amazon's place."""
    fingerprint = look.given(look.inventory.probe)
    if fingerprint is None:
        if look.auditing:
            yield look.manual(
                "a probe: dicfix audit --probe, --dicfix-probe, or openssl s_client -CAfile AmazonRootCA1.pem"
            )
        else:
            yield look.absent("the endpoint", f"verified with {SERVER_ROOT_NAME}", "no connection made")
        return
    root = read_certificate(known(look.inventory.server_root_pem), "the root that is expected")
    stand_in = root.certificate_id != AMAZON_ROOT_CA_1
    # A stand-in is for the embedded cloud and for AWS-compatible endpoints, never for AWS itself.
    allowed = not stand_in or look.settings.target == "offline" or bool(look.settings.endpoint_url)
    yield look.judge(
        "the endpoint",
        fingerprint == root.certificate_id and allowed,
        expected=f"verified with {SERVER_ROOT_NAME if not allowed or not stand_in else root.subject}",
        observed=f"verified with the root {fingerprint[:12]}" if fingerprint else "not verified",
        deviation=f"{root.subject} stands in for {SERVER_ROOT_NAME}" if stand_in else "",
    )
