"""Every class of fault of a plant file, as a table: an edit of a sound file -> line and words."""
# ruff: noqa: E501 - one case a row reads best

from __future__ import annotations

from pathlib import Path

import pytest

from ecotwin.errors import PlantFault
from ecotwin.plant import check, load

SOUND = """\
id: works
name: Small works
timezone: Europe/Berlin
outdoor: weather.temperature
connections:
  bus:
    protocol: sparkplug
    writing: true
    options: {host: 127.0.0.1}
  quiet: {protocol: files}
areas:
  - id: hall
    name: Hall
    connection: bus
    machines:
      - {id: main, kind: feeder, name: Main meter}
      - {id: sub, kind: feeder, name: Sub meter}
      - {id: spare, kind: feeder, name: Spare meter}
      - {id: weather, kind: weather, name: Weather}
      - {id: gas_main, kind: gas_meter, name: Gas}
      - id: bin
        kind: waste_scale
        name: Bin
        signals:
          mass: {waste_code: "15 01 01", treatment: R3}
      - id: oven
        kind: reflow_oven
        name: Oven
        signals:
          power: {unit: W, high: 90000}
          sleep_sp:
            write:
              low: 110
              high: 260
              fallback: 245
              lease_max_min: 60
              watchdog: true
              autonomy: automatic
              interlocks:
                - {name: quiet, kind: state, signal: state, states: [off, idle], text: not at work}
                - {name: calm, kind: calendar, text: in a break}
balances:
  - {id: top, name: Top, carrier: electricity, element: hall, inputs: [main.energy], outputs: [low]}
  - {id: low, name: Low, carrier: electricity, element: hall, inputs: [sub.energy], outputs: [oven.energy]}
calendar:
  shifts:
    - {name: Day, days: [mon, tue], start: "06:00", end: "14:00", breaks: ["09:00-09:15", "12:00-12:30"]}
    - {name: Night, days: [mon], start: "22:00", end: "06:00", breaks: ["01:00-01:30"]}
  holidays: [2026-12-25]
tariffs:
  - carrier: electricity
    unit: kWh
    price: 0.2
    bands: [{from_hour: 0, to_hour: 6, price: 0.1}, {from_hour: 6, to_hour: 24, price: 0.3}]
grid:
  region: DE
  location: 0.3
  year: 2026
  source: a test
  version: "1"
products:
  - {code: 1, name: Board, planned_run_s: {oven: 9.0}, mass_kg: 0.2}
factors:
  gas: {value: 2.0, unit: kgCO2e/m3, place: DE, year: 2026, source: a test, version: "1"}
"""

# (name, what is replaced, by what with `#!` on the faulty line, words that must be said)
CASES = [
    ("no yaml", "id: works", "id: [works #!", ("not YAML", "indentation, quotes or brackets")),
    ("tab", "    protocol: sparkplug", "\tprotocol: sparkplug #!", ("not YAML",)),
    ("tag", "name: Small works", "name: !!python/name:os.system x #!", ("tag", "not read here")),
    ("key twice", "name: Small works", "name: Small works\nname: Again #!", ("'name' stands twice",)),
    ("unknown key", "outdoor: ", "outdor: ", ("unknown key 'outdor'", "did you mean 'outdoor'?")),
    ("unknown key deep", "lease_max_min: 60", "lease_max_min: 60\n              watchdogs: true #!",
     ("unknown key 'watchdogs'", "did you mean 'watchdog'?")),
    ("missing key", "- id: bin\n        kind: waste_scale\n        name: Bin",
     "- id: bin #!\n        kind: waste_scale", ("lacks the key 'name'",)),
    ("wrong type", "name: Bin", "name: 7 #!", ("is 7", "expected text")),
    ("number wanted", "fallback: 245", "fallback: warm #!", ("is 'warm'", "expected a number")),
    ("list wanted", "holidays: [2026-12-25]", "holidays: 2026-12-25 #!", ("expected a list",)),
    ("mapping wanted", "  bus:\n    protocol: sparkplug\n    writing: true\n    options: {host: 127.0.0.1}",
     "  bus: 7 #!", ("expected a mapping",)),
    ("not finite", "price: 0.2", "price: 1e999 #!", ("expected", "finite")),
    ("one of", "autonomy: automatic", "autonomy: always #!", ("'always'", "'approve'")),
    ("bad id", "id: hall", "id: Hall 1 #!", ("lower-case letters",)),
    ("bad day", "[2026-12-25]", "[2026-13-25] #!", ("2026-13-25", "a sound value")),
    ("bad time", 'start: "22:00"', 'start: "25:00"', ("'25:00'", "a time of day such as 06:00")),
    ("bad weekday", "days: [mon, tue]", "days: [mon, die]", ("'die'", "'tue'")),
    ("unknown kind", "kind: reflow_oven", "kind: reflw_oven #!",
     ("no machine kind 'reflw_oven'", "did you mean 'reflow_oven'?")),
    ("unknown meaning", "power: {unit: W, high: 90000}", "heat: {means: heet_power, unit: kW} #!",
     ("no meaning 'heet_power'", "did you mean 'heat_power'?")),
    ("no meaning", "power: {unit: W, high: 90000}", "powr: {low: 1} #!",
     ("has no signal 'powr'", "`means`", "did you mean 'power'?")),
    ("unknown unit", "unit: W, high", "unit: kWatz, high", ("unit 'kWatz' is unknown", "examples")),
    ("unit does not fit", "unit: W, high", "unit: bar, high", ("does not fit 'electricity_power'", "kW")),
    ("free unit missing", "power: {unit: W, high: 90000}", "x: {means: setpoint} #!", ("needs its `unit`",)),
    ("omit unknown", "name: Oven\n", "name: Oven\n        omit: [powr] #!\n", ("reflow_oven 'powr'",)),
    ("low above high", "high: 90000}", "low: 95000, high: 90000} #!", ("oven.power: low (95)", "high (90)")),
    ("double id", "id: sub,", "id: main,", ("'main' stands already in line 16", "its own id")),
    ("double area and machine", "- id: bin", "- id: hall #!", ("'hall' stands already in line 12",)),
    ("one address", "id: sub, kind: feeder,", "id: sub, device: main, kind: feeder,",
     ("sub.energy and main.energy (line 16) have one address, 'main/energy'",)),
    ("unknown connection", "kind: weather,", "kind: weather, connection: buss,",
     ("no connection 'buss'", "did you mean 'bus'?")),
    ("no connection", "connection: bus\n    machines:\n      - {id: main, kind: feeder, name: Main meter}",
     "machines:\n      - {id: main, kind: feeder, #!\n         name: Main meter}", ("main.energy has no `connection`",)),
    ("unknown outdoor", "outdoor: weather.temperature", "outdoor: weather.temp #!",
     ("no signal 'weather.temp'", "weather.temperature")),
    ("outdoor no temperature", "outdoor: weather.temperature", "outdoor: weather.humidity #!",
     ("a humidity, not a temperature",)),
    ("bad zone", "timezone: Europe/Berlin", "timezone: Europe/Berln #!", ("no time zone", "Europe/Berlin")),
    ("zone is a path", "timezone: Europe/Berlin", "timezone: ../secret #!", ("no time zone",)),
    ("secret", "{host: 127.0.0.1}", "{password: x} #!", ("a secret ('password')", "setting")),
    ("waste code", '"15 01 01"', '"99 01 01"', ("'99 01 01' is no code", "chapter 01 to 20")),
    ("waste code short", '"15 01 01"', '"15 01"', ("European list of waste",)),
    ("treatment", "treatment: R3", "treatment: R14", ("'R14' is no treatment code",)),
    ("waste without code", 'mass: {waste_code: "15 01 01", treatment: R3}', "mass: {accuracy: 0.1} #!",
     ("lacks `waste_code` and `treatment`",)),
    ("bad state", "signals:\n          power: {unit: W, high: 90000}",
     "signals:\n          state: {states: {1: running}} #!", ("'running'", "'busy'")),
    ("bad state code", "signals:\n          power: {unit: W, high: 90000}",
     "signals:\n          state: {states: {one: busy}} #!", ("'one'", "whole number")),
    ("write low over high", "low: 110", "low: 270 #!", ("write low (270) is not below write high (260)",)),
    ("write fallback outside", "fallback: 245", "fallback: 265 #!", ("fallback 265 lies outside 110..260",)),
    ("write beyond plausible", "write:\n              low: 110\n              high: 260",
     "write: #!\n              low: 110\n              high: 400", ("plausible only in 20..280 degC",)),
    ("automatic without watchdog", "watchdog: true\n              autonomy: automatic",
     "watchdog: false\n              autonomy: automatic #!",
     ("`automatic` without a watchdog", "autonomy: approve")),
    ("writing off", "sleep_sp:\n            write:", "sleep_sp:\n            connection: quiet\n            write: #!",
     ("'quiet' has writing off", "writing: true")),
    ("write to a meter", "power: {unit: W, high: 90000}",
     "power: {write: {low: 1, high: 9, fallback: 2, lease_max_min: 5}} #!",
     ("oven.power is a electricity_power", "setpoint")),
    ("interlock unknown signal", "signal: state, states", "signal: sate, states",
     ("no signal 'sate'",)),
    ("interlock lacks", "states: [off, idle], text", "text", ("'quiet' of kind state lacks `states`",)),
    ("interlock no state", "signal: state, states", "signal: power, states",
     ("oven.power is a electricity_power, not a state",)),
    ("interlock bad state", "states: [off, idle]", "states: [off, lazy]", ("'lazy'", "'idle'")),
    ("sleep not writable", "name: Oven\n",
     "name: Oven\n        sleep: {signal: power, asleep: 1, awake: 2, warmup_min: 3, min_break_min: 4} #!\n",
     ("oven sleeps by oven.power, which cannot be written", "`write` rule")),
    ("sleep unknown", "name: Oven\n",
     "name: Oven\n        sleep: {signal: slep_sp, asleep: 120, awake: 245, warmup_min: 3, min_break_min: 4} #!\n",
     ("no signal 'slep_sp'",)),
    ("sleep outside", "- id: oven", "- id: oven #!\n        facts: {asleep: 60}",
     ("asleep or awake is 60 degC", "110..260")),
    ("sleep fact no number", "name: Oven\n", "name: Oven\n        facts: {asleep: cold} #!\n",
     ("lacks a number for asleep",)),
    ("balance unknown element", "element: hall, inputs: [main", "element: hal, inputs: [main",
     ("no element 'hal'", "did you mean 'hall'?")),
    ("balance unknown signal", "[oven.energy]", "[oven.energie]",
     ("no signal or balance 'oven.energie'", "did you mean 'oven.energy'?")),
    ("balance carriers", "[oven.energy]", "[oven.energy, gas_main.gas_volume]",
     ("gas_main.gas_volume carries gas", "'low' is of electricity")),
    ("balance unknown carrier", "carrier: electricity, element: hall, inputs: [main",
     "carrier: elektrik, element: hall, inputs: [main", ("no carrier 'elektrik'",)),
    ("balance of a gauge", "[oven.energy]", "[oven.zone_1_temperature]", ("no amount flows",)),
    ("balance loop", "inputs: [main.energy]", "inputs: [low]", ("loop: top -> low -> top",)),
    ("balance loop by a signal", "inputs: [main.energy]", "inputs: [main.energy, oven.energy]",
     ("loop: top -> low -> top",)),
    ("balance feeds itself", "outputs: [oven.energy]", "outputs: [sub.energy]", ("loop: low -> low",)),
    ("fed twice", "calendar:", "  - {id: more, name: More, carrier: electricity, element: hall, inputs: [spare.energy], outputs: [oven.energy]} #!\ncalendar:",
     ("oven.energy is fed by 'more', and already by 'low'",)),
    ("fed twice at once", "[oven.energy]", "[oven.energy, oven.energy]", ("twice here",)),
    ("fed twice through a balance", "outputs: [low]", "outputs: [low, sub.energy]",
     ("sub.energy is fed by 'top'", "twice here")),
    ("feeds twice", "inputs: [sub.energy]", "inputs: [sub.energy, main.energy]",
     ("main.energy feeds 'low' and also 'top'",)),
    ("balance id twice", "{id: low, name", "{id: top, name", ("'top' stands already",)),
    ("key twice in a line", "days: [mon, tue], start", 'days: [mon, tue], end: "23:00", start',
     ("'end' stands twice",)),
    ("shift's days overlap", "days: [mon, tue], start", "days: [mon, mon], start",
     ("'Day' overlaps itself on mon",)),
    ("shift on itself", 'start: "22:00", end: "06:00"', 'start: "22:00", end: "22:00"', ("ends when it starts",)),
    ("night runs into day", 'start: "22:00", end: "06:00"', 'start: "22:00", end: "06:30"',
     ("'Night' overlaps shift 'Day'", "on mon")),
    ("night over the week's end", 'days: [mon], start: "22:00", end: "06:00"',
     'days: [sun], start: "22:00", end: "07:00"', ("'Night' overlaps shift 'Day'", "on sun")),
    ("break outside", '"12:00-12:30"', '"13:50-14:10"', ("13:50-14:10 lies outside of shift 'Day'",)),
    ("break in the day of a night", '"01:00-01:30"', '"12:00-12:30"', ("outside of shift 'Night'",)),
    ("breaks overlap", '"12:00-12:30"', '"09:10-09:30"', ("overlaps the break before it",)),
    ("bad break", '"12:00-12:30"', '"noon"', ("a span such as 09:00-09:15",)),
    ("bands overlap", "from_hour: 6, to_hour: 24", "from_hour: 5, to_hour: 24",
     ("bands 0-6 and 5-24 overlap",)),
    ("band backwards", "from_hour: 6, to_hour: 24", "from_hour: 22, to_hour: 6",
     ("22-6 ends before it starts", "in two")),
    ("tariff unit", "unit: kWh\n", "unit: m3\n", ("electricity is not priced by 'm3'", "kWh")),
    ("tariff carrier", "- carrier: electricity", "- carrier: elektricity #!",
     ("no carrier 'elektricity'", "did you mean 'electricity'?")),
    ("factor without source", "grid:\n  region: DE\n  location: 0.3\n  year: 2026\n  source: a test\n",
     "grid: #!\n  region: DE\n  location: 0.3\n  year: 2026\n", ("the grid factors lack `source`",)),
    ("hourly not 24", "location: 0.3\n", "location: 0.3\n  hourly: [0.3, 0.3] #!\n",
     ("2 hourly factors", "24")),
    ("hourly mean", "location: 0.3\n", f"location: 0.3\n  hourly: [{', '.join(['0.4'] * 24)}] #!\n",
     ("mean is 0.4, but `location` is 0.3",)),
    ("contracts over 100 %", "grid:\n",
     "grid:\n  contracts: [{name: a, factor: 0, share: 0.7, source: s, year: 2026}, {name: b, factor: 0, share: 0.7, source: s, year: 2026}] #!\n", ("cover 140% of the need",)),
    ("factor unit", "unit: kgCO2e/m3", "unit: kgCO2e", ("no unit of a factor", "kgCO2e/m3")),
    ("factor carrier", "  gas: {value", "  gass: {value", ("no carrier 'gass'", "did you mean 'gas'?")),
    ("factor source", "source: a test, version", "version", ("lacks the key 'source'",)),
    ("product code twice", "factors:\n", "  - {code: 1, name: Other, mass_kg: 1} #!\nfactors:\n",
     ("product code 1 stands already in line",)),
    ("product machine", "planned_run_s: {oven: 9.0}", "planned_run_s: {ovn: 9.0}",
     ("no machine or line 'ovn'", "did you mean 'oven'?")),
    ("product area", "planned_run_s: {oven: 9.0}", "planned_run_s: {hall: 9.0}", ("'hall' is a area",)),
]  # fmt: skip


def write(folder: Path, text: str) -> Path:
    path = folder / "plant.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_file_all_cases_start_from_is_sound(tmp_path: Path) -> None:
    assert check(write(tmp_path, SOUND)) == ()


@pytest.mark.parametrize(("old", "new", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_fault(tmp_path: Path, old: str, new: str, words: tuple[str, ...]) -> None:
    assert old in SOUND, "the case does not change anything"
    text = SOUND.replace(old, new, 1)
    path = write(tmp_path, text)
    place = new.index("#!") if "#!" in new else 0
    expected = text[: SOUND.index(old) + place].count("\n") + 1
    told = check(path)
    fitting = [t for t in told if all(word in t for word in words)]
    assert fitting, f"none of these says {words}: {told}"
    assert any(t.startswith(f"{path}:{expected}: ") for t in fitting), (expected, fitting)
    assert all(t.startswith(f"{path}:") for t in told)
    with pytest.raises(PlantFault) as caught:
        load(path)
    assert caught.value.faults == told


def test_all_faults_come_at_once_and_in_order(tmp_path: Path) -> None:
    text = SOUND
    for old, new in (
        ("timezone: Europe/Berlin", "timezone: Nowhere"),
        ("kind: gas_meter", "kind: gas_metre"),
        ("name: Bin", "name: 7"),
        ("fallback: 245", "fallback: 300"),
        ("[oven.energy]", "[oven.energie]"),
        ("to_hour: 24", "to_hour: 25"),
        ("code: 1,", "code: one,"),
    ):
        assert old in text
        text = text.replace(old, new)
    path = write(tmp_path, text)
    told = check(path)
    lines = [int(t.removeprefix(f"{path}:").split(":")[0]) for t in told]
    assert lines == sorted(lines)
    assert [text.splitlines()[n - 1].strip()[:12] for n in lines] == [
        "timezone: No", "- {id: gas_m", "name: 7", "fallback: 30", "- {id: low, ", "bands: [{fro", "- {code: one",
    ]  # fmt: skip


def test_a_protocol_that_nothing_speaks(tmp_path: Path) -> None:
    told = check(write(tmp_path, SOUND), protocols=("sparkplug", "file"))
    assert len(told) == 1
    assert "no connector 'files'; did you mean 'file'?" in told[0]


def test_an_interlock_that_asks_an_empty_calendar(tmp_path: Path) -> None:
    start, end = SOUND.index("calendar:"), SOUND.index("tariffs:")
    told = check(write(tmp_path, SOUND[:start] + SOUND[end:]))
    assert len(told) == 1
    assert "asks the calendar, which has no shifts" in told[0]


def test_missing_roots_do_not_hide_the_rest(tmp_path: Path) -> None:
    text = SOUND.replace("timezone: Europe/Berlin\n", "").replace("name: Bin", "name: 7")
    told = check(write(tmp_path, text))
    assert ["timezone" in t for t in told] == [True, False]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("areas:\n", "areas: 7\nxareas:\n"),
        ("    machines:\n", "    machines: 7\n    xmachines:\n"),
        ("connections:\n", "connections: 7\nxconnections:\n"),
        ("id: sub, kind: feeder", "id: sub, kind: 9"),
        ("name: Sub meter", "name: 9"),
        ("signal: state, states", "signal: 9, states"),
        ("fallback: 245", "fallback: x"),
        ("{id: low, name: Low,", "{id: low, name: 7,"),
    ],
)
def test_one_fault_does_not_drag_others_behind_it(tmp_path: Path, old: str, new: str) -> None:
    told = check(write(tmp_path, SOUND.replace(old, new, 1)))
    assert all("unknown key 'x" in t for t in told[1:]), told


def test_what_cannot_be_read_excuses_what_refers_to_it(tmp_path: Path) -> None:
    path = write(tmp_path, SOUND.replace("id: sub, kind: feeder", "id: sub, kind: 9"))
    assert [t.split(": ", 1)[1] for t in check(path)] == [
        "`areas[0].machines[1].kind` is 9; expected text (put it in quotes)"
    ]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "the file holds no plant"),
        (b"- a\n- b\n", "the file holds no plant"),
        (b"id: w\xff\xfe\n", "not UTF-8"),
        (b"id: a\x00b\n", "not YAML"),
        (b"a: &a [*a]\n", "alias stands inside"),
        (b"a: &a {b: *a}\n", "alias stands inside"),
        (b"[" * 5000, "not YAML"),
        (b"? [a, b]\n: c\n", "a key is a list"),
        (b"id: works\n", "lacks the key 'timezone'"),
        (b"a: *nowhere\n", "not YAML"),
        (b"a: 1\n---\nb: 2\n", "not YAML"),
    ],
)
def test_files_that_are_no_plant(tmp_path: Path, raw: bytes, words: str) -> None:
    path = tmp_path / "plant.yaml"
    path.write_bytes(raw)
    assert any(words in t for t in check(path)), check(path)


def test_aliases_that_multiply_are_stopped(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    path = write(tmp_path, "\n".join(rows))
    assert any("unfolds to more than 500,000 values" in t for t in check(path))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PlantFault, match="cannot be read"):
        load(tmp_path / "none.yaml")
    assert "cannot be read" in check(tmp_path)[0]
