"""The clauses of "How to create AWS OTA job" and its prerequisites. Imports the guide's own modules."""

from __future__ import annotations

from dicfix.guide.clause import WITH_OTA, Audit, Clause
from dicfix.guide.editions import OTA_PAGE, OTA_PREREQUISITES_PAGE

_JOBS = "AWS IoT > Manage > Remote actions > Jobs"
_JOB = _JOBS + " > Create job > Create FreeRTOS OTA update job"
_FILE = _JOB + " > File"
_SIGN_NEW = "Sign a new file for me"
_SIGN_PREVIOUS = "Choose a previously signed file"
_SIGN_CUSTOM = "Use my custom signed file"


def _job(
    clause_id: str,
    text: str,
    console_path: str = _JOB,
    *,
    slips: tuple[str, ...] = (),
    audit: tuple[Audit, ...] = (Audit.API,),
) -> Clause:
    step = clause_id.removeprefix("OTA-").split(".")[0]
    return Clause(clause_id, WITH_OTA, OTA_PAGE, step, text, audit, console_path=console_path, slips=slips)


def _prerequisite(clause_id: str, text: str, slips: tuple[str, ...] = ()) -> Clause:
    step = clause_id.removeprefix("PRE-")
    return Clause(clause_id, WITH_OTA, OTA_PREREQUISITES_PAGE, step, text, (Audit.API,), slips=slips)


_BUCKET_NAME = (
    "ota_demo stands for the bucket and for the role; S3 refuses a bucket name with an underscore, so the bucket has "
    "a configurable name of its own"
)

OTA_CLAUSES: tuple[Clause, ...] = (
    _job("OTA-1", "AWS is reachable (as AWS-2).", "https://aws.amazon.com/"),
    _job("OTA-2", "One is logged in with AWS credentials (as AWS-3).", "Sign in to the console"),
    _job("OTA-3", "IoT Core is available in the Region.", "Services > IoT Core"),
    _job("OTA-4", "The jobs can be listed.", _JOBS),
    _job("OTA-5", "The job's type is a FreeRTOS OTA update job."),
    _job("OTA-6", "The job's name is unique and has no spaces.", _JOB + " > Job name"),
    _job(
        "OTA-7",
        "The devices to update are the configured ones (in the guide SQA_DIC_C2, SQA_DIC_C3, DIC_2).",
        _JOB + " > Devices to update",
        slips=('the guide says "select your Certificates": targets are things, and its examples are thing names',),
    ),
    _job("OTA-8", "MQTT is the protocol of the file transfer.", _JOB + " > Protocol"),
    _job("OTA-9.1", f'The file is signed by "{_SIGN_NEW}", if chosen.', f"{_FILE} > {_SIGN_NEW}"),
    _job(
        "OTA-9.2",
        f'The file comes by "{_SIGN_PREVIOUS}", if chosen.',
        f"{_FILE} > {_SIGN_PREVIOUS}",
        slips=('the guide says "already uploaded" for this choice: uploaded is not signed, a signing job is needed',),
    ),
    _job(
        "OTA-9.3",
        f'The file comes by "{_SIGN_CUSTOM}", if chosen.',
        f"{_FILE} > {_SIGN_CUSTOM}",
        slips=('the guide prints "custome"',),
    ),
    _job(
        "OTA-10",
        "The code-signing profile is dic_ota_codesign.",
        _JOB + " > Code signing profile",
        slips=(
            "the link for the profile leads to the page on code-signing certificates, and the algorithm is left open; "
            "the firmware takes ECDSA with SHA-256",
        ),
    ),
    _job("OTA-11", "The image (.gbl) is uploaded as step 9 says.", _FILE, audit=(Audit.API, Audit.FILE)),
    _job("OTA-12", "The upload location in S3 is ota_demo in the guide.", _FILE + " > S3 URL", slips=(_BUCKET_NAME,)),
    _job(
        "OTA-13",
        "A path name of the file on the device is given.",
        _FILE + " > Path name of file on device",
        slips=("any name will do: the firmware does not use it",),
    ),
    _job(
        "OTA-14",
        "The IAM role is ota_demo.",
        _JOB + " > IAM role",
        slips=(
            "the guide gives the role no rights; the managed policy AmazonFreeRTOSOTAUpdate reaches only buckets whose "
            "name begins with afr-ota, any other needs a statement of its own",
        ),
    ),
    _job("OTA-15.1", "The job is created.", _JOB + " > Create job"),
    _job("OTA-15.2", "Every target's job execution ends SUCCEEDED.", _JOBS + " > the job > Job executions"),
    _prerequisite("PRE-1", "The bucket exists in the same Region, versioned, with public access blocked."),
    _prerequisite("PRE-2", "The OTA service role has its trust and its permissions."),
    _prerequisite("PRE-3", "The caller's own permissions suffice, PassRole included."),
    _prerequisite("PRE-4", "The code-signing certificate in ACM is ECDSA P-256, SHA-256, for code signing."),
    _prerequisite("PRE-5", "The caller has access to code signing for AWS IoT."),
    _prerequisite("PRE-6", "The policy of the things allows the OTA topics."),
)
