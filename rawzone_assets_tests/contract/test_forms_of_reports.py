"""Forms of text that advertising reports use, each with what lies just outside it and what that is called."""

from __future__ import annotations

import pytest

from rawzone_assets.contract.forms import FORMS


@pytest.mark.parametrize(
    ("form", "texts"),
    [
        ("amount", ["0", "0.0", "36.24", ".5", "104.5", "18"]),
        ("whole-number", ["0", "1794", "1794.0", "1794.", "7.000"]),
        ("digits", ["1", "120224907266750075", "9" * 30]),
        (
            "timestamp",
            [
                "2025-05-23T06:57:56-0700",
                "2025-02-07T09:00:00-08:00",
                "2025-05-23T06:57:56Z",
                "2024-02-29T00:00:00.5+0000",
            ],
        ),
        ("json", ["{}", '{"LinkClick": 3}', "[]"]),
    ],
)
def test_a_form_accepts_what_real_reports_hold(form, texts):
    assert [text for text in texts if not FORMS[form].accepts(text)] == []


@pytest.mark.parametrize(
    ("form", "text", "code"),
    [
        ("amount", "-0.41", "RZ-NEGATIVE-AMOUNT"),
        ("amount", "-0", "RZ-NEGATIVE-AMOUNT"),
        ("amount", "--1", "RZ-VALUE-TYPE"),
        ("amount", "$3.41", "RZ-VALUE-TYPE"),
        ("amount", "3,41", "RZ-VALUE-TYPE"),
        ("amount", "nan", "RZ-VALUE-TYPE"),
        ("amount", "", "RZ-VALUE-TYPE"),
        ("amount", "1E+5", "RZ-SPREADSHEET-DAMAGE"),
        ("whole-number", "-2.0", "RZ-NEGATIVE-COUNT"),
        ("whole-number", "-2", "RZ-NEGATIVE-COUNT"),
        ("whole-number", "17.5", "RZ-VALUE-TYPE"),
        ("whole-number", "-17.5", "RZ-VALUE-TYPE"),
        ("digits", "1.2E+17", "RZ-SPREADSHEET-DAMAGE"),
        ("digits", "120224907266750075.0", "RZ-VALUE-TYPE"),
        ("digits", "١٢", "RZ-VALUE-TYPE"),
        ("digits", "9" * 31, "RZ-VALUE-TYPE"),
        ("timestamp", "2025-05-23T06:57:56", "RZ-VALUE-TYPE"),
        ("timestamp", "2025-02-30T06:57:56-0700", "RZ-VALUE-TYPE"),
        ("timestamp", "2025-05-23T24:00:00-0700", "RZ-VALUE-TYPE"),
        ("timestamp", "2025-05-23", "RZ-VALUE-TYPE"),
        ("json", "{'LinkClick': 3}", "RZ-VALUE-TYPE"),
        ("json", "3", "RZ-VALUE-TYPE"),
        ("json", "{" * 5000, "RZ-VALUE-TYPE"),
    ],
)
def test_what_a_form_refuses_has_its_name(form, text, code):
    assert not FORMS[form].accepts(text)
    assert FORMS[form].diagnose(text).code == code
