"""Sealing: bound to its context, readable after rotation, keys on disk wrapped and private."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.domain.errors import InvalidCpf
from dataplatform.errors import KeyMaterialError, UnsealError
from dataplatform.security.keys import LocalKeyService
from dataplatform.security.sealer import EnvelopeSealer


def open_at(folder: Path) -> EnvelopeSealer:
    return EnvelopeSealer(folder / "keys" / "keyring.json", LocalKeyService(folder / "keys"))


@pytest.fixture(scope="module")
def sealer(tmp_path_factory: pytest.TempPathFactory) -> EnvelopeSealer:
    return open_at(tmp_path_factory.mktemp("sealer"))


@given(content=st.binary(max_size=200), context=st.text(max_size=40))
def test_what_is_sealed_opens_in_its_context_only(
    sealer: EnvelopeSealer, content: bytes, context: str
) -> None:
    sealed = sealer.seal(content, context)
    assert sealer.open(sealed, context) == content
    with pytest.raises(UnsealError):
        sealer.open(sealed, context + "x")


def test_sealing_twice_never_gives_the_same_bytes(sealer: EnvelopeSealer) -> None:
    assert len({sealer.seal(b"12345678909", "C-1") for _ in range(100)}) == 100


@given(place=st.integers(0, 200), bit=st.integers(0, 7))
def test_one_flipped_bit_anywhere_is_found(sealer: EnvelopeSealer, place: int, bit: int) -> None:
    sealed = bytearray(sealer.seal(b"12345678909", "C-1"))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(UnsealError):
        sealer.open(bytes(sealed), "C-1")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x0100000001", b"\x0200000001" + b"0" * 40])
def test_what_was_never_sealed_does_not_open(sealer: EnvelopeSealer, sealed: bytes) -> None:
    with pytest.raises(UnsealError):
        sealer.open(sealed, "C-1")


def test_keys_survive_a_restart_and_indexes_agree(tmp_path: Path) -> None:
    first = open_at(tmp_path)
    sealed, index = first.seal(b"secret", "C-1"), first.blind_index("12345678909")
    second = open_at(tmp_path)
    assert second.open(sealed, "C-1") == b"secret"
    assert second.blind_index("12345678909") == index
    assert len(index) == 64


def test_another_installation_gives_another_index(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert open_at(tmp_path / "a").blind_index("12345678909") != open_at(tmp_path / "b").blind_index(
        "12345678909"
    )


@pytest.mark.parametrize("cpf", ["", "123", "123.456.789-09", "1234567890a", "١٢٣٤٥٦٧٨٩٠٩"])
def test_only_eleven_plain_digits_are_indexed_and_no_error_quotes_them(
    sealer: EnvelopeSealer, cpf: str
) -> None:
    with pytest.raises(InvalidCpf) as caught:
        sealer.blind_index(cpf)
    assert not cpf or cpf not in str(caught.value)


def test_rotation_of_data_and_master_keys_keeps_old_seals_readable(tmp_path: Path) -> None:
    service = LocalKeyService(tmp_path / "keys")
    sealer = EnvelopeSealer(tmp_path / "keys" / "keyring.json", service)
    old = sealer.seal(b"one", "C-1")
    assert service.rotate_master() == "00000002"
    assert sealer.rotate() == "00000002"
    new = sealer.seal(b"two", "C-1")
    assert old[1:9] != new[1:9]
    again = open_at(tmp_path)
    assert (again.open(old, "C-1"), again.open(new, "C-1")) == (b"one", b"two")
    assert again.seal(b"three", "C-1")[1:9] == b"00000002"


def test_keys_on_disk_are_private_and_wrapped(tmp_path: Path) -> None:
    open_at(tmp_path)
    keys = tmp_path / "keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.iterdir()} == {0o600}
    assert sorted(path.name for path in keys.iterdir()) == ["keyring.json", "master-00000001.key"]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    open_at(tmp_path)
    master = tmp_path / "keys" / "master-00000001.key"
    master.chmod(0o644)
    with pytest.raises(KeyMaterialError, match=r"other users can read it \(mode 0644\). Run: chmod 600"):
        open_at(tmp_path)


def test_a_key_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o755)
    (tmp_path / "keys").chmod(0o755)
    with pytest.raises(KeyMaterialError, match="other users can enter it"):
        open_at(tmp_path)


def test_a_lost_master_key_is_named(tmp_path: Path) -> None:
    open_at(tmp_path)
    (tmp_path / "keys" / "master-00000001.key").unlink()
    with pytest.raises(UnsealError):
        open_at(tmp_path)


def test_a_damaged_ring_and_a_short_master_key_are_named(tmp_path: Path) -> None:
    open_at(tmp_path)
    ring = tmp_path / "keys" / "keyring.json"
    whole = ring.read_bytes()
    ring.write_bytes(b"{}")
    with pytest.raises(KeyMaterialError, match="not a key ring"):
        open_at(tmp_path)
    ring.write_bytes(whole)
    (tmp_path / "keys" / "master-00000001.key").write_bytes(b"short")
    with pytest.raises(KeyMaterialError, match="32 bytes, but this one has 5"):
        open_at(tmp_path)
