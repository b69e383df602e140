"""The clauses of the page "AWS CA certificate registration" (steps 1 to 8). Imports the guide's own modules."""

from __future__ import annotations

from dicfix.guide.clause import ALL, LATEST, TWO_SOURCES, Audit, Clause
from dicfix.guide.editions import REGISTRATION_PAGE as PAGE

_CA = "Security > Certificate authorities > Register CA certificate"
_POLICY = "Security > Policies > Create policy"
_THING = "All devices > Things > Create things > Create single thing"
_THING_CERTIFICATE = _THING + " > Configure device certificate > Use my certificate"

_STEPS_1_TO_4 = (
    Clause(
        "AWS-1",
        ALL,
        PAGE,
        "1",
        "The certificates of the OpenSSL page exist (2024-04: the verification certificate too).",
        (Audit.API, Audit.FILE),
    ),
    Clause("AWS-2", ALL, PAGE, "2", "AWS is reachable.", (Audit.API,), console_path="https://aws.amazon.com/"),
    Clause(
        "AWS-3",
        ALL,
        PAGE,
        "3",
        "One is logged in with AWS credentials: who, in which account and Region.",
        (Audit.API,),
        console_path="Sign in to the console",
        slips=("the endpoint and the thing names shown in the guide are the author's own, not yours",),
    ),
    Clause("AWS-4.1", ALL, PAGE, "4", "A CA certificate is registered.", (Audit.API,), console_path=_CA),
    Clause(
        "AWS-4.2",
        ALL,
        PAGE,
        "4",
        "The CA is registered in Multi-account mode (2024-04: Single account mode).",
        (Audit.API,),
        console_path=_CA,
        slips=(
            "the editions contradict each other: certificates of a multi-account CA need TLS server name indication, "
            "which the published firmware does not send; the mode of a registered CA cannot be changed",
        ),
    ),
    Clause(
        "AWS-4.3",
        ALL,
        PAGE,
        "4",
        "The registered CA certificate is the CA.crt of step 1.",
        (Audit.API, Audit.FILE),
        console_path=_CA + " > Choose CA certificate",
    ),
    Clause(
        "AWS-4.4",
        TWO_SOURCES,
        PAGE,
        "4",
        "The CA's status is Active.",
        (Audit.API,),
        console_path=_CA + " > CA status",
        slips=("2024-04 does not say so, yet a CA is registered inactive unless it is asked for: judged all the same",),
    ),
    Clause(
        "AWS-4.5",
        TWO_SOURCES,
        PAGE,
        "4",
        "Automatic certificate registration is ON.",
        (Audit.API,),
        console_path=_CA + " > Automatic certificate registration",
        slips=(
            "step 6 registers the device certificate by hand all the same; a device that connects before that step is "
            "registered automatically as PENDING_ACTIVATION and must then be activated instead",
        ),
    ),
    Clause(
        "AWS-4.V",
        LATEST,
        PAGE,
        "4",
        "The verification certificate is given with the CA (verification_cert.pem).",
        (Audit.API,),
        console_path=_CA + " > Choose verification certificate",
    ),
)

_STEP_5 = (
    Clause(
        "AWS-5.1",
        ALL,
        PAGE,
        "5",
        "A policy exists under the chosen name (the guide's example: DIC_POLICY).",
        (Audit.API,),
        console_path=_POLICY,
    ),
    Clause(
        "AWS-5.2",
        ALL,
        PAGE,
        "5",
        "The policy's default version is the JSON of the guide.",
        (Audit.API,),
        console_path=_POLICY + " > JSON",
        slips=("the JSON allows everything to everyone who holds such a certificate; a narrower policy is accepted",),
    ),
)

_STEP_6 = (
    Clause("AWS-6.1", ALL, PAGE, "6", "A single thing exists for the device.", (Audit.API,), console_path=_THING),
    Clause(
        "AWS-6.2",
        ALL,
        PAGE,
        "6",
        "The thing's name is the device's MQTT client ID.",
        (Audit.FILE, Audit.LIVE),
        console_path=_THING + " > Thing name",
    ),
    Clause(
        "AWS-6.3",
        ALL,
        PAGE,
        "6",
        "The thing uses its own certificate, device.crt.",
        (Audit.API, Audit.FILE),
        console_path=_THING_CERTIFICATE,
    ),
    Clause(
        "AWS-6.4",
        ALL,
        PAGE,
        "6",
        "The certificate's CA is the registered CA of step 4.",
        (Audit.API,),
        console_path=_THING_CERTIFICATE + " > CA is registered with AWS IoT",
    ),
    Clause(
        "AWS-6.5",
        ALL,
        PAGE,
        "6",
        "The certificate is Active.",
        (Audit.API,),
        console_path=_THING_CERTIFICATE + " > Certificate status",
    ),
    Clause(
        "AWS-6.6",
        ALL,
        PAGE,
        "6",
        "The policy of step 5 is attached to the certificate.",
        (Audit.API,),
        console_path=_THING_CERTIFICATE + " > Attach policies",
    ),
    Clause(
        "AWS-6.7",
        ALL,
        PAGE,
        "6",
        "The material is what dic_config.h and the certificate source of the application take.",
        (Audit.FILE,),
        slips=(
            "the step says that it generates the certificate for dic_config.h: nothing is generated here, and since "
            "2023-08 the certificates live in dic_nvm_cert.cpp and only the client ID in dic_config.h",
        ),
    ),
)

_STEPS_7_AND_8 = (
    Clause(
        "AWS-7.1",
        ALL,
        PAGE,
        "7",
        "A thing for MQTT Explorer exists with explorer.crt, made as in step 6.",
        (Audit.API,),
        console_path=_THING,
        slips=('the guide prints "Repeat Step 5" (the policy) where step 6 (the thing) is meant',),
    ),
    Clause(
        "AWS-7.2",
        ALL,
        PAGE,
        "7",
        "Thing names are unique, since each is a client ID.",
        (Audit.API,),
        console_path=_THING + " > Thing name",
    ),
    Clause(
        "AWS-8.1",
        ALL,
        PAGE,
        "8",
        "AmazonRootCA1 is stored as a .pem file.",
        (Audit.FILE,),
        console_path="https://www.amazontrust.com/repository/AmazonRootCA1.pem",
        slips=('the guide calls this root CA certificate the "server certificate", as MQTT Explorer does',),
    ),
    Clause(
        "AWS-8.2",
        ALL,
        PAGE,
        "8",
        "It is the certificate with which MQTT Explorer verifies the endpoint.",
        (Audit.LIVE,),
    ),
)

REGISTRATION_CLAUSES: tuple[Clause, ...] = (*_STEPS_1_TO_4, *_STEP_5, *_STEP_6, *_STEPS_7_AND_8)
