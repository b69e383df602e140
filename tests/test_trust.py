"""AmazonRootCA1 by its fingerprint."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import certifi
import pytest

from dicfix.certificates import make_ca
from dicfix.errors import MaterialError
from dicfix.trust import (
    AMAZON_ROOT_CA_1,
    AMAZON_ROOTS,
    amazon_root_ca_1,
    amazon_roots_in,
    identify_root,
    require_amazon_root_ca_1,
)

NOW = datetime(2026, 3, 4, tzinfo=UTC)
FINGERPRINT = (
    "8E:CD:E6:88:4F:3D:87:B1:12:5B:A3:1A:C3:FC:B1:3D:70:16:DE:7F:57:CC:90:4F:E1:CB:97:C6:AE:98:19:6E"  # linked-pages
)


def pem_of(name: str) -> str:
    """The PEM block of the root with this Common Name in certifi's bundle, which comments each with a Label."""
    part = Path(certifi.where()).read_text().split(f'# Label: "{name}"')[1]
    return part[part.index("-----BEGIN") : part.index("-----END")] + "-----END CERTIFICATE-----\n"


def test_root_is_the_one_with_the_published_fingerprint() -> None:
    root = amazon_root_ca_1()
    assert root.certificate_id == AMAZON_ROOT_CA_1 == FINGERPRINT.replace(":", "").lower()
    assert root.subject == "CN=Amazon Root CA 1,O=Amazon,C=US"
    assert root.public_key_kind == "RSA 2048"
    assert (f"{root.not_before:%Y-%m-%d}", f"{root.not_after:%Y-%m-%d}") == ("2015-05-26", "2038-01-17")
    assert len(root.pem) == 1188


def test_bundle_without_the_root_is_refused(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    impostor = make_ca("/C=US/O=Amazon/CN=Amazon Root CA 1", now=NOW).certificate
    damaged = "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n"
    bundle.write_text(impostor.pem + pem_of("Amazon Root CA 2") + damaged)
    with pytest.raises(MaterialError) as refused:
        amazon_root_ca_1(bundle)
    assert "bundle.pem does not hold AmazonRootCA1" in refused.value.observed
    assert "certifi" in refused.value.remedy


def test_bundle_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MaterialError, match=r"The CA bundle none\.pem cannot be read"):
        amazon_root_ca_1(tmp_path / "none.pem")


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Amazon Root CA 1", "AmazonRootCA1"),
        ("Amazon Root CA 2", "AmazonRootCA2"),
        ("Amazon Root CA 3", "AmazonRootCA3"),
        ("Amazon Root CA 4", "AmazonRootCA4"),
        ("Starfield Services Root Certificate Authority - G2", "SFSRootCAG2 (Starfield Services Root)"),
    ],
)
def test_each_of_amazons_roots_is_named(label: str, name: str) -> None:
    assert identify_root(pem_of(label)) == name
    assert amazon_roots_in(pem_of(label).encode()) == (name,)


def test_all_of_amazons_roots_are_in_the_bundle() -> None:
    assert set(amazon_roots_in(Path(certifi.where()).read_bytes())) == set(AMAZON_ROOTS.values())


def test_another_amazon_root_as_server_certificate_is_refused_by_name() -> None:
    with pytest.raises(MaterialError, match=r"AmazonRootCA1\.pem holds AmazonRootCA3, not AmazonRootCA1"):
        require_amazon_root_ca_1(pem_of("Amazon Root CA 3"))


def test_starfield_root_as_server_certificate_is_refused_by_name() -> None:
    with pytest.raises(MaterialError, match=r"holds SFSRootCAG2 \(Starfield Services Root\), not AmazonRootCA1"):
        require_amazon_root_ca_1(pem_of("Starfield Services Root Certificate Authority - G2"))


def test_certificate_with_the_name_alone_is_refused() -> None:
    impostor = make_ca("/C=US/O=Amazon/CN=Amazon Root CA 1", now=NOW).certificate
    assert identify_root(impostor.pem) is None
    with pytest.raises(MaterialError, match="of CN=Amazon Root CA 1,O=Amazon,C=US, not AmazonRootCA1"):
        require_amazon_root_ca_1(impostor.pem)


def test_root_itself_is_accepted() -> None:
    assert require_amazon_root_ca_1(amazon_root_ca_1().pem).certificate_id == AMAZON_ROOT_CA_1
