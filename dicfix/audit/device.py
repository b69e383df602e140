"""One client of an account as the controls see it, and the links of what lets it connect.

Each link asks the judgement of the controls, narrowed to the one client; what no control judges (which policies are
attached, the connection itself) is looked up here. May import controls, records and the identity of findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from dicfix.controls import find_control, run_control
from dicfix.controls.account_subjects import policies_by_target
from dicfix.controls.fit import mode_suits_the_firmware
from dicfix.controls.policies import device_requests, explorer_requests, rights_missing, shortened
from dicfix.controls.policy_document import parse_policy
from dicfix.controls.registry import Absent, Look
from dicfix.controls.subjects import registered_certificate
from dicfix.controls.things import certificate_is_active, thing_exists, thing_has_a_certificate, thing_has_its_own_file
from dicfix.errors import MaterialError, Unreadable
from dicfix.findings import Finding, Status, worst
from dicfix.records import ClientFiles, Inventory, LiveSession, LocalFiles, Policy, Unread, known
from dicfix.settings import Settings

NEEDS = (
    "caller",
    "endpoint",
    "things",
    "local",
    "certificates",
    "ca_certificates",
    "account_policies",
    "sessions",
)
"""The parts of an inventory that the links are judged by."""


class State(Enum):
    """What a link comes to; OBSERVED is one that is shown and not judged, since an earlier one is broken."""

    OK = "ok"
    BROKEN = "BROKEN"
    UNREADABLE = "UNREADABLE"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True)
class Link:
    """One link: what was observed and, unless it is ok, what was expected and what puts it right."""

    name: str
    state: State
    observed: str
    expected: str = ""
    remedy: str = ""
    control: str = ""


_STATES = {Status.FAIL: State.BROKEN, Status.UNREADABLE: State.UNREADABLE, Status.MANUAL: State.UNREADABLE}


def link_of(name: str, findings: Iterable[Finding], fill: Mapping[str, str] | None = None) -> Link:
    """The link that findings amount to: the worst of them, each text once; what does not apply does not count."""
    judged = tuple(findings)
    counting = [one for one in judged if one.status is not Status.NOT_APPLICABLE]
    if not counting:
        return Link(name, State.OK, "; ".join(dict.fromkeys(one.observed for one in judged)))
    status = worst(counting)
    same = [one for one in counting if one.status is status]
    state = _STATES.get(status, State.OK)
    told = "; ".join(dict.fromkeys(one.observed for one in same))
    if state is State.OK:
        return Link(name, state, told)
    expected = "; ".join(dict.fromkeys(one.expected for one in same)) if state is State.BROKEN else ""
    return Link(name, state, told, expected, _filled(same[0].remedy, fill or {}), same[0].control)


def _filled(remedy: str, fill: Mapping[str, str]) -> str:
    for placeholder, value in fill.items():
        remedy = remedy.replace(placeholder, value)
    return remedy


class Device:
    """One client ``name``; ``settings`` are those of the run, of which the firmware, edition and policy count."""

    def __init__(self, inventory: Inventory, settings: Settings, name: str, now: datetime) -> None:
        self.name = name
        self.is_explorer = name == settings.explorer_name
        self.inventory = inventory
        self.settings = narrowed(settings, name)
        self.now = now

    def look(self, control_id: str) -> Look:
        """What the control would see, if this client were the only one."""
        return Look(find_control(control_id), self.inventory, self.settings, self.now)

    def judged(self, control_id: str, judgement: Callable[[Look], Iterable[Finding]]) -> tuple[Finding, ...]:
        """The findings of a judgement in the name of a control."""
        look = self.look(control_id)
        return tuple(look.settled(self.name, lambda: judgement(look)))

    def run(self, control_id: str) -> tuple[Finding, ...]:
        """The findings of a control over this client alone."""
        return run_control(control_id, self.inventory, self.settings, self.now)

    # The account and the thing

    def endpoint(self) -> Link:
        """The Region, its endpoint, and whether the firmware has room for that."""
        findings = self.run("DIC-ACC-02") + (() if self.is_explorer else self.run("DIC-FIT-02"))
        told = link_of("endpoint and Region", findings)
        endpoint = self.inventory.endpoint
        if told.state is State.OK and isinstance(endpoint, str):
            return replace(told, observed=f"{endpoint} in {self.settings.region}")
        return told

    def thing(self) -> Link:
        """DIC-THG-01."""
        found = self.judged("DIC-THG-01", lambda look: thing_exists(look, self.name))
        return link_of("thing", found, {"<name>": self.name})

    def certificate(self) -> Link:
        """The certificate of the thing, which is that of its file where there is one: DIC-CRT-01, DIC-CRT-03."""
        found = self.judged("DIC-CRT-01", lambda look: thing_has_a_certificate(look, self.name))
        if worst(found) is Status.PASS:
            found += self.judged("DIC-CRT-03", lambda look: thing_has_its_own_file(look, self.name))
        link = link_of("certificate of the thing", found, {"<name>": self.name})
        return replace(link, observed=self._certificate_id()) if link.state is State.OK else link

    # The certificate

    def server_name(self) -> Link:
        """Whether the client sends the server name that the mode of its certificate asks for: DIC-FIT-08."""
        return link_of("server name (SNI) and CA mode", self.judged("DIC-FIT-08", self._server_name))

    def _server_name(self, look: Look) -> Iterator[Finding]:
        record = registered_certificate(look, self.name)
        mode, resource = known(record.mode), f"certificate {record.certificate_id[:12]}"
        client = "MQTT Explorer" if self.is_explorer else "a client that is connected right now"
        if self.is_explorer or self._is_connected():
            yield look.judge(resource, True, expected="", observed=f"{mode}; {client} sends what this asks for")
            return
        yield mode_suits_the_firmware(look, resource, mode)
        if known(record.ca_certificate_id):
            yield from self._of_its_ca("DIC-FIT-08")

    def ca_status(self) -> Link:
        """The status of the CA certificate that the client's own was registered with: DIC-CA-03."""

        def judgement(look: Look) -> Iterator[Finding]:
            if known(registered_certificate(look, self.name).ca_certificate_id):
                yield from self._of_its_ca("DIC-CA-03")
            else:
                yield look.not_applicable("the certificate was registered without a CA certificate")

        told = link_of("CA certificate", self.judged("DIC-CA-03", judgement), {"<id>": self._its_ca_id()})
        if told.state is State.BROKEN and told.observed == "INACTIVE":
            text = "INACTIVE: no certificate of it can be registered; those that are registered stay let in"
            return replace(told, observed=text)
        return told

    def _of_its_ca(self, control_id: str) -> tuple[Finding, ...]:
        """A control of the CA, judged on the CA of this client's certificate, whatever CA.crt lies here."""
        settings = replace(self.settings, ca_certificate_id=self._its_ca_id())
        inventory = replace(self.inventory, local=_without_ca(self.inventory.local))
        return run_control(control_id, inventory, settings, self.now)

    def _its_ca_id(self) -> str:
        try:
            return known(registered_certificate(self.look("DIC-CA-03"), self.name).ca_certificate_id)
        except (Absent, Unreadable, MaterialError):
            return "<id>"

    def certificate_status(self) -> Link:
        """DIC-CRT-04."""
        found = self.judged("DIC-CRT-04", lambda look: certificate_is_active(look, self.name))
        return link_of("certificate status", found, {"<id>": self._certificate_id()})

    def certificate_dates(self) -> Link:
        """DIC-FIT-14, of the file and of the registered copy."""
        return link_of("certificate dates", self.run("DIC-FIT-14"))

    def _certificate_id(self) -> str:
        try:
            return registered_certificate(self.look("DIC-CRT-04"), self.name).certificate_id
        except (Absent, Unreadable, MaterialError):
            return "<id>"

    # What it may do

    def policy_attached(self) -> Link:
        """The policies on the certificate, whatever their names; those of thing groups are not looked into."""
        fill = {"<name>": self.settings.policy_name, "<certificate ARN>": self._certificate_arn()}
        return link_of("policy on the certificate", self.judged("DIC-CRT-05", self._attached), fill)

    def _attached(self, look: Look) -> Iterator[Finding]:
        names = self._policy_names(look)
        if not names and _of_groups(look):
            raise Unreadable("iot:ListThingsInThingGroup", "NotAsked", "a policy is attached to a thing group")
        other = "" if look.settings.policy_name in names else f" (not {look.settings.policy_name})"
        observed = ", ".join(names) + other if names else "no policy attached"
        yield look.judge(self.name, bool(names), expected="a policy attached to its certificate", observed=observed)

    def _policy_names(self, look: Look) -> list[str]:
        arn = known(registered_certificate(look, self.name).arn)
        return sorted(policies_by_target(look).get(arn, ()))

    def _certificate_arn(self) -> str:
        try:
            return known(registered_certificate(self.look("DIC-CRT-05"), self.name).arn)
        except (Absent, Unreadable, MaterialError):
            return "<certificate ARN>"

    def policy_allows(self) -> Link:
        """Whether those policies together let it connect under its name, and use the topics of its kind."""
        link = link_of("policy allows client ID and topics", self.judged("DIC-POL-02", self._allowed))
        if link.state is not State.BROKEN:
            return link
        return replace(link, control="", remedy="allow what is missing in the policy, or attach one that allows it")

    def _allowed(self, look: Look) -> Iterator[Finding]:
        policies = known(look.inventory.account_policies)
        names = self._policy_names(look)
        documents = [parse_policy(known(policies[name].document)) for name in names]
        requests = explorer_requests if self.is_explorer else device_requests
        wanted = requests(self.name, look.edition)
        merged = {
            "Version": next((one["Version"] for one in documents if one["Version"] != "2012-10-17"), "2012-10-17"),
            "Statement": [statement for one in documents for statement in one["Statement"]],
        }
        arn = known(policies[names[0]].arn) if names else "arn:aws:iot:::policy/"
        missing = rights_missing(merged, wanted, arn)
        if _undecided(look, names, missing):
            raise Unreadable("iot:ListThingsInThingGroup", "NotAsked", "policies of thing groups may count as well")
        yield look.judge(
            self.name,
            not missing,
            expected=f"Connect as {self.name}, and the topics of edition {look.edition.name}",
            observed=shortened(missing) if missing else f"Connect as {self.name}, and its topics",
        )

    # Now

    def session(self) -> LiveSession | None:
        """What AWS says of its connection; raises Unreadable."""
        return known(self.inventory.sessions).get(self.name)

    def _is_connected(self) -> bool:
        """Whether it is connected for sure, by a certificate that is not another thing's."""
        try:
            session = self.session()
            return session is not None and known(session.connected) and known(session.thing_name) in ("", self.name)
        except Unreadable:
            return False


def narrowed(settings: Settings, name: str) -> Settings:
    """The settings of a run that is about one client alone."""
    return replace(
        settings,
        mode="audit",
        devices=(name,),
        explorer_name=name,
        ota_devices=(name,),
        ota_thing_groups=(),
        scope_names=(),
        scope_prefix="",
        scope_thing_group="",
        scope_thing_type="",
    )


def _without_ca(local: LocalFiles | Unread) -> LocalFiles | Unread:
    return local if isinstance(local, Unread) else replace(local, ca=ClientFiles("CA"))


def _of_groups(look: Look) -> list[Policy]:
    """The policies that are attached to a thing group."""
    policies = known(look.inventory.account_policies).values()
    return [one for one in policies if any(":thinggroup/" in target for target in known(one.targets))]


def _undecided(look: Look, names: list[str], missing: list[str]) -> bool:
    """Whether a policy of a thing group could turn the answer: allow what is missing, or deny what is allowed."""
    others = [parse_policy(known(one.document)) for one in _of_groups(look) if one.name not in names]
    wanted = "Allow" if missing else "Deny"
    return any(statement["Effect"] == wanted for one in others for statement in one["Statement"])
