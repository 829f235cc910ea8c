"""Sealing: what is sealed opens only where it belongs, and a key is made once and kept private."""

from datetime import date
from pathlib import Path

import pytest

from bot.errors import BotError
from bot.seal import (
    Sealer,
    born_on,
    id_number_fault,
    is_male,
    load_or_make_key,
)

KEY = bytes(range(32))
# Source: GB 11643-1999, the examples of its annex.
GOOD = ("11010519491231002X", "440524188001010014")


def test_what_is_sealed_opens_in_its_own_place_only() -> None:
    sealer = Sealer(KEY)
    blob = sealer.seal("13812345678", "resident.phone:7")
    assert b"138" not in blob
    assert sealer.seal("13812345678", "resident.phone:7") != blob
    assert Sealer(KEY).open(blob, "resident.phone:7") == "13812345678"
    for broken, context in (
        (blob, "resident.phone:8"),
        (blob[:-1] + bytes([blob[-1] ^ 1]), "resident.phone:7"),
        (blob[:10], "resident.phone:7"),
        (b"\x02" + blob[1:], "resident.phone:7"),
        (b"", "resident.phone:7"),
    ):
        with pytest.raises(BotError) as caught:
            sealer.open(broken, context)
        assert caught.value.code == "seal_open"
        assert "138" not in caught.value.detail
    with pytest.raises(BotError, match="密钥换过"):
        Sealer(bytes(32)).open(blob, "resident.phone:7")


def test_a_fingerprint_is_keyed_and_steady() -> None:
    one = Sealer(KEY).fingerprint("13812345678")
    assert one == Sealer(KEY).fingerprint("13812345678")
    assert len(one) == 64
    assert one != Sealer(bytes(32)).fingerprint("13812345678")
    assert Sealer(KEY).fingerprint("") == ""


def test_masks() -> None:
    assert Sealer.mask_id_number("211302195001011234") == "2113**********1234"
    assert Sealer.mask_phone("13812345678") == "138****5678"
    assert Sealer.mask_phone("2612345") == "***2345"
    for short in ("", "1234", "12345678"):
        assert set(Sealer.mask_id_number(short)) <= {"*"}
        assert len(Sealer.mask_id_number(short)) == len(short)
    assert Sealer.mask_phone("110") == "***"


@pytest.mark.parametrize("number", GOOD)
def test_a_right_number_has_no_fault(number: str) -> None:
    assert id_number_fault(number) == ""


def test_birthday_and_sex_of_a_number() -> None:
    assert born_on(GOOD[0]) == date(1949, 12, 31)
    assert born_on(GOOD[1]) == date(1880, 1, 1)
    assert not is_male(GOOD[0])
    assert is_male(GOOD[1])


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("110105194912310021", "校验位"),
        ("110105491231002", "15 位"),
        ("1101051949123100", "16 位"),
        ("11010519491331002X", "不是一个日期"),
        ("1101051949123100２X", "不该有的字"),
        ("11010519491231X02X", "不该有的字"),
        ("", "0 位"),
    ],
)
def test_what_is_wrong_with_a_number_is_said_without_it(number: str, said: str) -> None:
    fault = id_number_fault(number)
    assert said in fault
    assert number[6:14] == "" or number[6:14] not in fault


def test_every_single_slip_and_every_swap_of_neighbours_is_found() -> None:
    number = GOOD[1]
    slips = {
        number[:at] + digit + number[at + 1 :]
        for at in range(18)
        for digit in "0123456789"
        if digit != number[at]
    }
    swaps = {
        number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        for at in range(17)
        if number[at] != number[at + 1]
    }
    assert [wrong for wrong in slips | swaps if not id_number_fault(wrong)] == []


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.key"
    key = load_or_make_key(path)
    assert len(key) == 32
    assert load_or_make_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["secret.key"]


def test_a_key_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text(KEY.hex())
    path.chmod(0o644)
    assert load_or_make_key(path) == KEY
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "abc", KEY.hex()[:-2], "zz" * 32, "密钥"])
def test_a_broken_key_is_not_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secret.key"
    path.write_text(text, "utf-8")
    with pytest.raises(BotError, match="从备份放回"):
        load_or_make_key(path)
    assert path.read_text("utf-8") == text


def test_a_missing_key_is_not_made_where_sealed_rows_exist(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    with pytest.raises(BotError, match="从备份放回"):
        load_or_make_key(path, may_make=False)
    assert not path.exists()


def test_a_place_that_cannot_hold_a_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BotError) as caught:
        load_or_make_key(tmp_path / "file" / "secret.key")
    assert caught.value.code == "seal_key"
    with pytest.raises(BotError, match="读不了"):
        load_or_make_key(tmp_path)


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(BotError, match="32 字节"):
        Sealer(b"short")
