"""No name of a landed file, and nothing that a sidecar says, steers the terminal or a reader of JSON lines."""

import json

import pytest

EVIL = "\x1b]0;owned\x07\u202egpj\n2 OK\x9b31m\x7f[red]"
COMMANDS = (
    "log",
    "log --verdict unrecognized",
    "ls toolost",
    "status",
    "quarantine ls toolost",
    "quarantine replay toolost --dry-run",
    "verify toolost",
    "doctor",
)


@pytest.fixture
def steered(own):
    landing = own.home / "landing"
    page = next((landing / "toolost").rglob("*spotify*.json"))
    for name, data in (
        (f"distrokid/{EVIL}.html", b"?"),
        (f"{EVIL}/x", b"?"),
        (f"toolost/{EVIL}/{page.name}", page.read_bytes() + b" "),
        (f"toolost/{EVIL}2/{page.name}", b"{"),
    ):
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        said = {"source_system": EVIL, "extractor": {"name": EVIL, "version": EVIL}}
        path.with_name(f"{path.name}.meta.json").write_text(json.dumps(said))
    own.promote()
    return own


def steering(outcome):
    """What could steer a terminal or be taken for a line of its own in an output."""
    texts = (outcome.text, outcome.err)
    odd = {c for text in texts for c in text if not c.isprintable() and c != "\n"}
    return odd | {"a line of its own" for text in texts if "\n2 OK" in text}


def test_no_command_passes_on_what_could_steer(steered):
    found = {}
    for command in COMMANDS:
        for form in ([], ["--json"]):
            outcome = steered(*command.split(), *form)
            assert outcome.code in (0, 1), outcome.err
            found[command, *form] = steering(outcome)
    evil = [r["landing_path"] for r in steered("log", "--json").records if EVIL in r["landing_path"]]
    assert len(evil) == 4, "JSON lines mean exactly what was landed"
    for path in evil:
        landed = str(steered.home / "landing" / path)
        for arguments in (
            ("show", path),
            ("show", path + "?"),
            ("examine", landed),
            ("quarantine", "show", path),
        ):
            found[arguments] = steering(steered.run(*arguments) if path == evil[0] else steered(*arguments))
    assert {command: odd for command, odd in found.items() if odd} == {}
