"""Exposures: secrets and personal data are found by form, wherever they stand, quickly and without a value."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.exposure_forms import FAMILIES
from rawzone_assets.contract.exposures import MOST_COUNTED, Access, Exposures, access_of, exposes, scan

HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"
META = "EAABsbCS1iHgBO7ZAx0ZBq3WvZCkT9ZAm2LrV5uYqXzZB8pHn4ZD"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

EXPOSING = {
    f"https://graph.example/v19.0/act_1/ads?access_token={META}&limit=25": {"access-token"},
    json.dumps({"next": f"https://graph.example/ads?limit=25&access_token={META}"}): {"access-token"},
    '{"next":"https:\\/\\/graph.example\\/ads?limit=25\\u0026access_token=opaqueValueOnly"}': {"access-token"},
    '<a href="/ads?a=1&amp;access_token=opaqueValueOnly">': {"access-token"},
    '{"access_token": "opaqueValueOnly"}': {"access-token"},
    '{"body": "{\\"refresh_token\\":\\"opaqueValueOnly\\"}"}': {"access-token"},
    '{"body": "{\\"x\\":\\"{\\\\\\"api_key\\\\\\":\\\\\\"opaqueValueOnly\\\\\\"}\\"}"}': {"api-key"},
    '<div data-state="{&quot;access_token&quot;:&quot;opaqueValueOnly&quot;}">': {"access-token"},
    "<div data-state='{&#34;access_token&#34;:&#34;opaqueValueOnly&#34;}'>": {"access-token"},
    "JSON.parse('{\\u0022access_token\\u0022: \\u0022opaqueValueOnly\\u0022}')": {"access-token"},
    "JSON.parse('{\\x22access_token\\x22:\\x22opaqueValueOnly\\x22}')": {"access-token"},
    "https://x.example/?state=%7B%22access_token%22%3A%22opaqueValueOnly%22%7D": {"access-token"},
    "https://x.example/?state=%7B%22access_token%22%3A%20%22opaqueValueOnly%22%7D": {"access-token"},
    '{"access_token":\n\t\t\t\t\t\t"opaqueValueOnly"}': {"access-token"},
    '{"access_token"             :             "opaqueValueOnly"}': {"access-token"},
    f"sp_dc={META}": {"cookie", "access-token"},
    f"window.name = 'CFID=1&CFTOKEN={HEX}'": {"session-id"},
    "var accessToken = 'opaqueValueOnly';": {"access-token"},
    "client_secret=3f1e2d4c5b6a79880011": {"access-token"},
    META: {"access-token"},
    "Authorization: Bearer 3f1e2d4c5b6a79880011aabb": {"bearer-token"},
    f"token {JWT}": {"jwt"},
    f'<input type="hidden" id="s4aSessionId" value="{HEX}">': {"session-id"},
    f'<input type="hidden" value="{HEX}" id="s4aSessionId">': {"session-id"},
    f"<input\n  type=hidden\n  name=sessionId\n  value={HEX}>": {"session-id"},
    f'{{"sessionId": "{HEX}"}}': {"session-id"},
    json.dumps({"html": f'<input id="s4aSessionId" value="{HEX}">'}): {"session-id"},
    f"https://shop.example/cart;jsessionid={HEX}": {"session-id"},
    f"Set-Cookie: sid={HEX}; Path=/": {"cookie"},
    "https://user:hunter22@host.example/": {"password"},
    '{"password": "correct-horse-9"}': {"password"},
    "-----BEGIN PGP PRIVATE KEY BLOCK-----": {"private-key"},
    "Authorization: Basic dXNlcjpodW50ZXIy": {"password"},
    "AKIAIOSFODNN7EXAMPLE": {"api-key"},
    "AIza" + "SyA1234567890abcdefghijklmnopqrstuv": {"api-key"},
    "ghp_" + "0123456789abcdefghijklmnopqrstuvwxyz": {"api-key"},
    "sk_live_" + "0123456789abcdefghijklmn": {"api-key"},
    "xoxb-1234567890-abcdef": {"api-key"},
    "-----BEGIN RSA PRIVATE KEY-----": {"private-key"},
    f"https://bucket.example/a.zip?X-Amz-Signature={HEX}": {"signed-url"},
    "Signed in as label.owner@example.org ·": {"e-mail"},
    '{"currentUser":{"email":"owner+tag@mail.example.co.uk"}}': {"e-mail"},
    "https://x.example/?mail=owner%40example.org&a": {"e-mail"},
    '"owner\\u0040example.org"': {"e-mail"},
    "owner&#64;example.org": {"e-mail"},
    "mailto://owner@example.org is no address of a host, //a/owner@example.org is": {"e-mail"},
    "owner@example.org".encode("utf-16-le").decode("latin-1"): {"e-mail"},
}
HARMLESS = [
    "",
    "Password Sign in Signin Recaptcha",
    '<label>Password</label><input type="password">',
    "https://cdn.example/lib@1.2.min.js image@2x.png",
    "@media screen{} .a@b",
    "follow @artist.name",
    "https://0123abc@o123.ingest.example.com/42",
    '{"next_page_token": "CAUQAA", "pageToken": "0123456789abcdef0123"}',
    "accessToken: getAccessTokenFromCookie()",
    '{"access_token": null, "access_token ": "", "client_secret": "[redacted]"}',
    '"access_token":"REDACTED"',
    "<div data-state='{&quot;access_token&quot;:null,&quot;password&quot;:&quot;&quot;}'>",
    "?state=%7B%22access_token%22%3Anull%7D",
    "sum = quantity * password_strength",
    "2025-06-12\t2025-04\tSpotify\tArtist\tTitle\tQZDA72012345\t195000000000\t17",
    "session.id = compute()",
    "AKIAQZDA72012345ABCDEFGHIJ",
    "whatever begins with -----BEGIN RSA PRIVATE KEY",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA",
]  # fmt: skip


def scanned(data: bytes, block: int | None = None) -> Exposures:
    return scan(BytesContent(data), block=block)


class TestWhatIsFound:
    """Tokens, keys, session ids, passwords and addresses are told from what merely looks like them."""

    @pytest.mark.parametrize(("text", "kinds"), EXPOSING.items())
    def test_is_what_exposes(self, text: str, kinds: set[str]):
        data = text.encode("latin-1") if "\0" in text else text.encode()
        assert set(scanned(data).counts) == kinds

    @pytest.mark.parametrize("text", HARMLESS)
    def test_is_nothing_in_harmless_text(self, text: str):
        assert scanned(text.encode()).counts == {}
        assert scanned(text.encode()).access is Access.OPEN

    @pytest.mark.parametrize("text", [text for text in EXPOSING if "\0" not in text])
    def test_is_found_in_names_and_messages_too(self, text: str):
        assert exposes(f"the column '{text}' is unknown")

    def test_is_counted_and_placed_by_bytes(self):
        found = scanned("é a@b.example, c@d.example".encode())
        assert found.counts == {"e-mail": 2}
        assert found.first_at == {"e-mail": 4}

    def test_is_counted_up_to_a_limit(self):
        assert scanned(b"a@b.example " * (MOST_COUNTED + 5)).counts == {"e-mail": MOST_COUNTED}
        two_forms = f"{META} ?access_token=opaqueValueOnly ".encode() * (MOST_COUNTED + 5)
        assert scanned(two_forms).counts == {"access-token": MOST_COUNTED}

    @pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be"])
    def test_is_found_in_text_of_two_bytes_a_character(self, charset: str):
        assert scanned('{"access_token": "opaqueValueOnly"}'.encode(charset)).counts == {"access-token": 1}

    def test_is_not_sought_in_packed_bytes(self):
        for magic in (b"PK\x03\x04", b"\x1f\x8b\x08"):
            assert scanned(magic + b" a@b.example ").counts == {}

    def test_says_nothing_of_the_value(self):
        assert META not in repr(scanned(f"access_token={META}".encode()))


class TestAccess:
    """Secrets stand above personal data, and a kind nobody knows counts as a secret."""

    def test_is_the_highest_of_the_kinds(self):
        assert access_of({}) is Access.OPEN
        assert access_of({"e-mail": 3}) is Access.PERSONAL
        assert access_of({"e-mail": 3, "jwt": 1}) is Access.SECRET
        assert access_of({"of a later version": 1}) is Access.SECRET


class TestMarks:
    """Marks only say where looking is in vain: each form is found as if it had been sought everywhere."""

    @settings(max_examples=200, deadline=None)
    @given(
        pieces=st.lists(
            st.one_of(
                st.sampled_from([text.encode("latin-1", "replace") for text in EXPOSING]),
                st.binary(max_size=20),
                st.text(max_size=20).map(str.encode),
            ),
            max_size=8,
        ),
        upper=st.booleans(),
    )
    def test_hide_no_form(self, pieces: list[bytes], *, upper: bool):
        data = b" " + b" ".join(pieces).replace(b"\0", b"")
        data = data.upper() if upper else data
        kinds = set()
        for family in FAMILIES:
            seen = data.lower() if family.folded else data
            for probe in family.probes:
                for match in probe.pattern.finditer(seen):
                    kinds.add(probe.kind_of(seen, match.start()) if probe.kind_of else probe.kind)
        assert set(scanned(data).counts) == kinds - {None}


class TestStreams:
    """What is found does not depend on how the bytes were cut into blocks."""

    @settings(max_examples=60, deadline=None)
    @given(
        pieces=st.lists(
            st.sampled_from(
                [*(t.encode("latin-1", "replace") for t in EXPOSING), b"x" * 700, b"\n", b"\0", b"<"]
            ),
            min_size=1,
            max_size=40,
        ),
        block=st.integers(1, 9000),
    )
    def test_is_the_same_for_every_block_size(self, pieces: list[bytes], block: int):
        data = b" ".join(pieces)
        whole = scanned(data)
        assert scanned(data, block) == whole

    @pytest.mark.parametrize("at", range(2**20 - 40, 2**20 + 5, 5))
    def test_is_found_across_blocks(self, at: int):
        found = scanned(b"-" * at + b" owner@example.org " + b"-" * 5000)
        assert found.first_at == {"e-mail": at + 6}

    @pytest.mark.parametrize("at", range(2_030, 2_050))
    def test_is_found_where_its_name_stands_in_the_block_before(self, at: int):
        found = scanned(b"-" * at + b"?access_token=opaqueValueOnly " + b"-" * 6_000, block=4_096)
        assert found.first_at == {"access-token": at + len("?access_")}

    @pytest.mark.parametrize(
        "unit",
        [b"@", b"a@", b"@a.", b"access_token=", b"<input value=aaaaaaaaa ", b"eyJ", b'="sessionid" value=',
         b"//a:b@c.dd ", b"//ab@c.dd ", b"SG.aaaaaaaaaaaaaaaa", b"bearer ", b"cookie:a", b"a" * 64],
    )  # fmt: skip
    def test_takes_linear_time_whatever_the_bytes(self, unit: bytes):
        # A quadratic form would need minutes for this; the suite's own time limit would notice.
        assert scanned(unit * (2**21 // len(unit))).counts.keys() <= {"api-key", "password"}
