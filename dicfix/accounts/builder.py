"""The Builder: the account behind the steps of an onboarding. It performs each step unless it is done already.

May import the performing modules beside it, ``keystore``, ``firmware``, ``mqtt.profile`` and rows below.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from dicfix.accounts import Done, How, material, offboarding, ota_job, ota_prerequisites, registration
from dicfix.accounts.ota_job import OtaPlan
from dicfix.accounts.ota_offboarding import prefix_of
from dicfix.accounts.ota_reading import read_image_file
from dicfix.accounts.site import Site
from dicfix.aws import registry
from dicfix.errors import UsageError
from dicfix.guide import edition
from dicfix.keystore import Kept
from dicfix.mqtt.profile import ExplorerProfile
from dicfix.ota_records import CUSTOM
from dicfix.records import Inventory
from dicfix.settings import Settings
from dicfix.trust import amazon_root_ca_1


class Builder:
    """An account in which the guide is performed; ``server_root_pem`` is AmazonRootCA1 or the root that stands in."""

    def __init__(self, site: Site, *, server_root_pem: str) -> None:
        self.site = site
        self.settings: Settings = site.settings
        self.server_root_pem = server_root_pem
        site.reader.beside["registration_code"] = lambda: registry.registration_code(site.session)
        site.reader.beside["server_root_pem"] = lambda: server_root_pem
        site.reader.beside["explorer"] = lambda: self._explorer
        self._explorer: ExplorerProfile | None = None
        site.reader.ota.image = lambda: dict([self.ota_image()])
        site.reader.ota.update_id = lambda: self.ota_update_id
        self._role_made_at_s: float | None = None
        self._ota_update_id = ""
        self.boards = tuple(name for name in self.settings.ota_targets if name in self.settings.real_boards)
        if self.boards:
            # A published board hears ota once: it gets an update of its own, after all the others.
            others = tuple(name for name in self.settings.ota_targets if name not in self.boards)
            self.use(replace(self.settings, ota_devices=others))
        # Connecting takes MQTT, which lies beside the account: the lab hands its way in.
        self.connector: Callable[[], Done] | None = None
        self.ota_runner: Callable[[], Done] | None = None

    def read(self, needs: Iterable[str]) -> Inventory:
        """The named parts of the inventory as they are now."""
        return self.site.reader.read(needs)

    def ensure_ca_files(self) -> Done:
        """CA.key and CA.crt in the certificate directory. Source: SSL-1, SSL-2."""
        return self._kept("CA key and certificate", self.site.keystore.ensure_ca(self.settings.ca_subject))

    def ensure_client_files(self, thing_name: str) -> Done:
        """Key, request and certificate of one client. Source: SSL-3 to SSL-5."""
        self.ensure_ca_files()
        return self._client_files(thing_name)

    def _client_files(self, thing_name: str) -> Done:
        is_explorer = thing_name == self.settings.explorer_name
        subject = self.settings.explorer_subject if is_explorer else self.settings.device_subject
        kept = self.site.keystore.ensure_client(
            self.site.stem(thing_name),
            subject.replace("{thing}", thing_name),
            version=3 if self.settings.client_certificate_version == 3 else 1,
        )
        return self._kept(f"client files of {thing_name}", kept)

    def ensure_verification_files(self) -> Done:
        """The verification key, request and certificate for this account's registration code. Source: SSL-V1 to V3."""
        self.ensure_ca_files()
        code = self.site.registration_code
        return self._kept("verification certificate", self.site.keystore.ensure_verification(code))

    def ensure_all_files(self) -> Done:
        """Every certificate that the registration page needs. Source: AWS-1."""
        names = (*self.settings.devices, self.settings.explorer_name)
        steps = [self.ensure_ca_files(), *(self.ensure_client_files(name) for name in names)]
        if edition(self.settings.edition).verification_certificate:
            steps.append(self.ensure_verification_files())
        return Done.of("certificates of the OpenSSL page", [(one.step, one.how) for one in steps])

    def ensure_login(self) -> Done:
        """Somebody is logged in, to the account that the run is meant for. Source: AWS-2, AWS-3."""
        return Done.of("login", [(f"account {self.site.caller.account}", How.FOUND)])

    def ensure_ca_certificate(self) -> Done:
        """CA.crt is registered as the edition says. Source: AWS-4."""
        self.ensure_ca_files()
        if edition(self.settings.edition).verification_certificate:
            self.ensure_verification_files()
        return self._guarded(lambda: registration.ensure_ca_certificate(self.site))

    def ensure_policy(self) -> Done:
        """The policy exists with the guide's JSON. Source: AWS-5."""
        return self._guarded(lambda: registration.ensure_policy(self.site))

    def ensure_thing(self, thing_name: str) -> Done:
        """The thing exists with its own certificate, Active, and the policy; what it builds on is ensured first."""
        return self.ensure_things([thing_name])[0]

    def ensure_things(self, thing_names: Iterable[str]) -> list[Done]:
        """Each of the things, on one look at the CA certificate and the policy that they share."""
        self.ensure_ca_certificate()
        self.ensure_policy()
        targets = registration.policy_targets(self.site)
        return [self._thing(name, targets) for name in thing_names]

    def _thing(self, name: str, targets: registration.Arns) -> Done:
        self._client_files(name)
        return self._guarded(lambda: registration.ensure_thing(self.site, name, targets))

    def ensure_firmware_material(self, thing_name: str) -> Done:
        """Header and certificate source of the device's firmware profile, refused where there is no room."""
        self.ensure_client_files(thing_name)
        return self._guarded(lambda: material.ensure_firmware_material(self.site, thing_name, amazon_root_ca_1().pem))

    def ensure_server_certificate(self) -> Done:
        """AmazonRootCA1.pem in the certificate directory. Source: AWS-8.1."""
        return self._kept("server certificate", self.site.keystore.ensure_server_root())

    def ensure_explorer_profile(self) -> Done:
        """MQTT Explorer's connection, filled in as the guide says. Source: EXP-1 to EXP-6."""
        filled_in = self._explorer is not None
        self.ensure_client_files(self.settings.explorer_name)
        self.explorer_profile()
        how = How.FOUND if filled_in else How.PERFORMED
        return Done.of("MQTT Explorer profile", [("profile", how)])

    def explorer_profile(self) -> ExplorerProfile:
        """The profile that ``ensure_explorer_profile`` fills in, once, from the Explorer's files."""
        if self._explorer is None:
            self._explorer = material.explorer_profile(self.site, self.server_root_pem)
        return self._explorer

    def ensure_connection(self) -> Done:
        """MQTT Explorer is connected to the account. Source: EXP-7."""
        if self.connector is None:
            raise UsageError("no lab stands beside this account", remedy="take the fixture lab in this scenario")
        return self.connector()

    # The OTA half

    def ensure_bucket(self) -> Done:
        """The bucket of the images, versioned, with public access blocked. Source: PRE-1."""
        return self._guarded(lambda: ota_prerequisites.ensure_bucket(self.site))

    def ensure_ota_role(self) -> Done:
        """The OTA service role with its trust and rights. Source: PRE-2."""
        done = self._guarded(lambda: ota_prerequisites.ensure_role(self.site))
        if done.how is How.PERFORMED:
            self._role_made_at_s = time.monotonic()
        return done

    def ensure_code_signing_certificate(self) -> Done:
        """The code-signing certificate, made and imported in ACM. Source: PRE-4."""
        return self._guarded(lambda: ota_prerequisites.ensure_certificate(self.site))

    def ensure_signing_profile(self) -> Done:
        """The signing profile, Active, with the code-signing certificate. Source: OTA-10."""
        return self._guarded(lambda: ota_prerequisites.ensure_signing_profile(self.site))

    def choose_signing(self, choice: str) -> Done:
        """Sign the image in this way from here on. Source: OTA-9."""
        self.choose(signing_choice=choice)
        return Done.of(f"signing choice {choice}", [])

    def choose(self, **changes: Any) -> None:
        """Other settings of the OTA half from here on, by field."""
        self.use(replace(self.settings, **changes))

    def use(self, settings: Settings) -> None:
        """Other settings from here on."""
        self.settings = self.site.settings = settings
        self._ota_update_id = ""
        self.site.reader.use(self.settings)

    def ota_image(self) -> tuple[str, bytes]:
        """The name and bytes of the image to send: the configured file, else a synthetic one. Source: OTA-11."""
        if self.settings.image:
            return next(iter(read_image_file(self.settings.image).items()))
        return ota_job.SYNTHETIC_NAME, ota_job.synthetic_image()

    def ota_plan(self) -> OtaPlan:
        """The update that the settings ask for."""
        return ota_job.plan_of(self.site, *self.ota_image())

    @property
    def ota_update_id(self) -> str:
        """The name of the update that was made last, else of the one that the settings ask for."""
        return ota_job.last_of_ours(self.site, self._ota_update_id or self.ota_plan().update_id)

    def ensure_ota_prerequisites(self) -> Done:
        """Bucket, role and, where AWS signs, the signing profile with its certificate. Source: PRE-1 to PRE-4."""
        steps = [self.ensure_bucket(), self.ensure_ota_role()]
        if self.settings.signing_choice != CUSTOM:
            steps.append(self.ensure_signing_profile())
        return Done.of("OTA prerequisites", [(one.step, one.how) for one in steps])

    @property
    def things_to_update(self) -> tuple[str, ...]:
        """The things to update that this account may make: all but the real boards."""
        return tuple(name for name in self.settings.ota_targets if name not in self.settings.real_boards)

    def ensure_ota_devices(self) -> Done:
        """The things to update, onboarded; of a real board its thing alone, which somebody else made. Source: OTA-7."""
        steps = self.ensure_things(self.things_to_update)
        return Done.of("devices to update", [(one.step, one.how) for one in steps])

    def ensure_ota_update(self) -> Done:
        """Steps 5 to 15: the update with its job, for the configured devices; what it builds on is ensured first."""
        self.ensure_ota_devices()
        self.ensure_ota_prerequisites()
        return self.make_ota_update(self.ota_plan())

    def make_ota_update(self, plan: OtaPlan) -> Done:
        """This very update, up to CREATE_COMPLETE. Raises OtaUpdateFailed or AwsRefused."""
        self._ota_update_id = plan.update_id

        def make() -> Done:
            done, self._ota_update_id = ota_job.ensure_update(self.site, plan, role_is_fresh=self._role_is_fresh)
            return done

        return self._guarded(make)

    def remove_other_updates(self) -> Done:
        """Remove every OTA update of ours but the configured one, with its stream and its job."""
        name = self.ota_plan().update_id
        kept = (ota_job.last_of_ours(self.site, name), prefix_of(name))
        return self._guarded(lambda: offboarding.remove_updates(self.site, keep=kept))

    def ensure_ota_run(self) -> Done:
        """The update, run to the end by every device that it is for. Source: OTA-15.2."""
        if self.ota_runner is None:
            raise UsageError("no devices stand beside this account", remedy="take the fixture ota in this scenario")
        return self.ota_runner()

    def _role_is_fresh(self) -> bool:
        made_at_s, effect_s = self._role_made_at_s, self.settings.deadlines.role_effect_s
        return made_at_s is not None and time.monotonic() - made_at_s < effect_s

    def endpoint(self) -> str:
        """The account's data endpoint (ATS). Source: EXP-1."""
        return self.site.endpoint

    def onboard(self, *more_things: str) -> tuple[Done, ...]:
        """Steps 1 to 8 of the registration page for every device and MQTT Explorer, and the Explorer's profile.

        ``more_things`` are made in the same step 6.
        """
        things = dict.fromkeys((*self.settings.devices, self.settings.explorer_name, *more_things))
        return (
            self.ensure_login(),
            *self.ensure_things(things),
            *(self.ensure_firmware_material(name) for name in self.settings.devices),
            self.ensure_server_certificate(),
            self.ensure_explorer_profile(),
        )

    def clean_up(self) -> Done:
        """Remove what this project made in the account, and nothing else."""
        return offboarding.clean_up(self.site)

    def _guarded(self, step: Callable[[], Done]) -> Done:
        _ = self.site.caller
        done = step()
        self.site.reader.changed()
        return done

    def _kept(self, step: str, kept: Kept[Any]) -> Done:
        self.site.reader.changed()
        parts = [(name, How.FOUND) for name in kept.found] + [(name, How.PERFORMED) for name in kept.made]
        return Done.of(step, parts)
