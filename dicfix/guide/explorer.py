"""The clauses of "Set up MQTT Explorer" and of device and Explorer together. Imports the guide's own modules."""

from __future__ import annotations

from dicfix.guide.clause import ALL, WITH_OTA, Audit, Clause
from dicfix.guide.editions import DIC_PAGE, EXPLORER_PAGE

_CONNECTION = "MQTT Explorer > Connections"
_ADVANCED = _CONNECTION + " > Advanced"

EXPLORER_CLAUSES: tuple[Clause, ...] = (
    Clause(
        "EXP-1",
        ALL,
        EXPLORER_PAGE,
        "1",
        "The host is the account's data endpoint (ATS).",
        (Audit.API, Audit.FILE),
        console_path="AWS IoT > Settings > Device data endpoint; MQTT Explorer > Host",
        slips=("the endpoint printed in the guide is the author's own account",),
    ),
    Clause("EXP-2", ALL, EXPLORER_PAGE, "2", "The port is 8883.", (Audit.FILE,), console_path=_CONNECTION + " > Port"),
    Clause(
        "EXP-3",
        ALL,
        EXPLORER_PAGE,
        "3",
        "Encryption (TLS) is on and certificate validation is on.",
        (Audit.FILE,),
        console_path=_CONNECTION + " > Validate certificate, Encryption (tls)",
    ),
    Clause(
        "EXP-4",
        ALL,
        EXPLORER_PAGE,
        "4",
        "The topics are subscribed: 2023-06 #, light/*, test_publish; later light/* or lock/* by application.",
        (Audit.FILE,),
        console_path=_ADVANCED + " > Topic",
        slips=("* is no MQTT wildcard: light/* receives nothing, light/# is meant",),
    ),
    Clause(
        "EXP-5",
        ALL,
        EXPLORER_PAGE,
        "5",
        "The client ID is the thing name that belongs to the certificate set.",
        (Audit.FILE,),
        console_path=_ADVANCED + " > MQTT client ID",
    ),
    Clause(
        "EXP-6",
        ALL,
        EXPLORER_PAGE,
        "6",
        "Server certificate, client certificate and client key are given.",
        (Audit.FILE,),
        console_path=_ADVANCED + " > Certificates",
    ),
    Clause("EXP-7", ALL, EXPLORER_PAGE, "7", "The connection is made.", (Audit.LIVE,), console_path="Connect"),
    Clause(
        "E2E-1",
        ALL,
        DIC_PAGE,
        "1",
        "The device's state reaches the Explorer.",
        (Audit.NONE,),
    ),
    Clause(
        "E2E-2",
        WITH_OTA,
        DIC_PAGE,
        "2",
        "A command published on the topic command reaches the device and acts.",
        (Audit.NONE,),
        slips=("every device of the account obeys this one topic; the topics of the state carry no thing name either",),
    ),
    Clause("E2E-3", WITH_OTA, DIC_PAGE, "3", "The command ota starts the OTA agent.", (Audit.NONE,)),
)
