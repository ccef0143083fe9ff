"""What landed names and sidecars say reaches Dagster without characters that steer its reader."""

import json

import dagster as dg

EVIL = "\x1b[31m\u202egpj\n\x9b\u2066<b>"


def texts(value):
    """Every text within a JSON value, names of members included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts(member)


def test_no_event_holds_a_character_that_steers(desk):
    landed = desk.land_as(f"tiny/{EVIL}/notes_20240501.json", "good\n")
    said = {"source_system": EVIL, "extractor": {"name": EVIL, "version": EVIL}}
    landed.with_name(f"{landed.name}.meta.json").write_text(json.dumps(said))
    desk.land_as(f"tiny/{EVIL}/notes_20240502.json", "bad", "bad")
    desk.land_as(f"{EVIL}.txt", "?")
    tick = desk.tick()
    events = list(tick.asset_events)
    for request in tick.run_requests:
        result = desk.carry_out(request)
        assert result.success
        events += result.all_events
    events += desk.tick().asset_events
    said = [text for event in events for text in texts(json.loads(dg.serialize_value(event)))]
    assert any("gpj" in text for text in said), "the names are shown, escaped"
    assert [text for text in said if not text.replace("\n", "").isprintable()] == []
