"""The seal of A2E keys: without the secret, or moved to another place, nothing opens."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from a2e_mcp.errors import SettingsError
from a2e_mcp.users.seal import Seal

FIRST, SECOND = (
    SecretStr("a-first-secret-of-more-than-32-characters"),
    SecretStr("another-secret-of-more-than-32-letters"),
)
KEY = "sk_of_ada_with_ünïcode"


def test_what_is_sealed_opens_at_its_place_only() -> None:
    seal = Seal([FIRST])
    sealed = seal.seal(KEY, place="account ada")
    assert "sk_of" not in sealed
    assert sealed != seal.seal(KEY, place="account ada")
    assert Seal([FIRST]).open(sealed, place="account ada") == KEY
    for changed, place in (
        (sealed, "account bob"),
        (sealed[:-8] + ("AAAAAAAA" if not sealed.endswith("AAAAAAAA") else "BBBBBBBB"), "account ada"),
        (sealed[:-4], "account ada"),
        (sealed[:14], "account ada"),
        (sealed + "ü", "account ada"),
    ):
        with pytest.raises(SettingsError, match="was changed after it was sealed") as problem:
            seal.open(changed, place=place)
        assert "sk_of" not in str(problem.value)


def test_any_of_several_secrets_opens_and_the_first_one_seals() -> None:
    before, rotating, after = Seal([FIRST]), Seal([SECOND, FIRST]), Seal([SECOND])
    old = before.seal(KEY, place="x")
    assert rotating.open(old, place="x") == KEY
    assert not rotating.is_current(old)
    new = rotating.seal(KEY, place="x")
    assert rotating.is_current(new)
    assert after.open(new, place="x") == KEY
    for sealed in (old, "", "1", "2" + new[1:], "1..", "plain text"):
        with pytest.raises(SettingsError, match=r"A2E_SEAL_KEYS does not have\. Add that secret"):
            after.open(sealed, place="x")
