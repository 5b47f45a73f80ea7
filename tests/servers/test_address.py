from __future__ import annotations

from pathlib import Path

import pytest

from explorer.errors import BadParameter
from explorer.servers.address import Address, address_of, is_server, named


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://localhost", Address("localhost")),
        ("REDIS://Example.org:7000/3", Address("example.org", 7000, database=3)),
        ("rediss://ann@host", Address("host", tls=True, user="ann")),
        ("redis://a%40b@[::1]:1/", Address("::1", 1, user="a@b")),
    ],
)
def test_an_address_is_read_and_written(url: str, address: Address) -> None:
    assert is_server(url)
    assert address_of(url) == address
    assert address_of(address.url) == address
    assert address_of(str(address)) == address


def test_what_on_the_server_is_meant_goes_there_and_back() -> None:
    one = named("redis://host/1?key=a%26b:c")
    assert (one.key, one.index, one.address.database) == ("a&b:c", "", 1)
    other = named("redis://host?index=products&field=embedding")
    assert (other.index, other.field) == ("products", "embedding")
    assert named(one.url) == one
    assert named(other.url) == other


def test_a_password_is_heard_and_never_said_again() -> None:
    one = named("redis://ann:p%40ss@host:1/0?key=words")
    assert one.password == "p@ss"
    for said in (repr(one), one.url, str(one.address), repr(one.address)):
        assert "p@ss" not in said
        assert "p%40ss" not in said


def test_the_file_of_an_authority(tmp_path: Path) -> None:
    ca = tmp_path / "my ca.pem"
    ca.write_text("…", "utf-8")
    address = address_of(f"rediss://host?ca={ca}")
    assert address.ca == ca
    assert address_of(address.url) == address


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("words.npy", "is no address of a Redis server"),
        ("redis://", "names no host"),
        ("redis://host:port", "is no address"),
        ("redis://host:99999", "is no address"),
        ("redis://host/words", "is no number of a database; name a key"),
        ("redis://host?kye=words", "“kye=” means nothing"),
        ("redis://host?key=a&index=b", "not both"),
        ("redis://host?ca=/there/is/none", "goes with rediss"),
        ("rediss://host?ca=/there/is/none", "There is no file /there/is/none"),
        ("redis://ann:secret@host:port", "“redis://host:port” is no address"),
        ("redis://ann:my/secret@host/0", "“redis://host/0” is no address .* write %2F for /"),
        ("redis://ann:12/secret@host/0", "“redis://host/0” is no address"),
        ("redis://ann:12#secret@host/0", "“redis://host/0” is no address .* %23 for #"),
    ],
)
def test_what_is_no_address_is_told_so_without_its_password(url: str, said: str) -> None:
    with pytest.raises(BadParameter, match=said) as caught:
        named(url)
    assert "secret" not in str(caught.value)
