"""What other people's Sparkplug software writes is read, and what we write is read by it.

After `npm install sparkplug-client@3` in any folder, ECOTWIN_SPARKPLUG_CLIENT=<that folder> lets
the last test run; without it that test is skipped by name. The bytes of the first test were written
by sparkplug-payload 1.0.3 (part of sparkplug-client 3.2.4).
"""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from conftest import Broker, require
from ecotwin.clock import ManualClock
from ecotwin.connectors.contract import InletLimits
from ecotwin.connectors.sparkplug import Sparkplug
from ecotwin.connectors.sparkplug_arrays import decode_arrays
from ecotwin.connectors.sparkplug_payload import DataSet, DataType, decode
from ecotwin.records import Quality, Samples
from sparkplug_peer import wait_for
from wire_plants import oven_signals, plant_of

_FOREIGN = bytes.fromhex(
    "0880d0eab6b733121b0a05706f77657210011881d0eab6b733200a6900000000000004c012110a05736d616c"
    "6c1002200150fbffffff0f120f0a036d69641003200250d4fdffff0f120f0a03696e74100420035090ddfbff"
    "0f12150a046c6f6e671005200458f9d2b4ffffffffffff0112140a05756c6f6e671006200858808080808080"
    "8010120a0a026f6e1007200b700112100a04746578741008200c7a0462757379120f0a076e6f7468696e6710"
    "092009380112200a03666c74100a20094a100a075175616c6974791205080318f403650000003f12110a0477"
    "68656e100b200d5880d0eab6b73312320a03746162100c20108a012608021201611201621803180c220d0a06"
    "08ffffffff0f0a0332017822090a0208020a033201791803"
)


def test_bytes_of_the_eclipse_tahu_javascript_client() -> None:
    payload = decode(_FOREIGN)
    assert (payload.seq, payload.timestamp) == (3, 1_767_225_600_000)
    assert {m.name: m.value for m in payload.metrics} == {
        "power": -2.5,
        "small": -5,
        "mid": -300,
        "int": -70_000,
        "long": -1_234_567,
        "ulong": 2**53,
        "on": True,
        "text": "busy",
        "nothing": None,
        "flt": 0.5,
        "when": 1_767_225_600_000,
        "tab": DataSet(("a", "b"), (DataType.INT32, DataType.STRING), ((-1, "x"), (2, "y"))),
    }
    arrays = decode_arrays(_FOREIGN)
    assert arrays.alias.tolist() == list(range(1, 13))
    assert arrays.quality.tolist() == [0] * 9 + [Quality.STALE, 0, 0]
    assert np.flatnonzero(np.isnan(arrays.value)).tolist() == [7, 8, 11]


_NODE = """
const client = require('sparkplug-client').newClient({
  serverUrl: 'mqtt://127.0.0.1:PORT', username: '', password: '', groupId: 'g', edgeNode: 'e1',
  clientId: 'foreign', version: 'spBv1.0', publishDeath: true });
const oven = (power) => ({ timestamp: Date.now(), metrics: [
  { name: 'power', alias: 1, type: 'Double', value: power },
  { name: 'energy', alias: 2, type: 'UInt64', value: 7 },
  { name: 'state', alias: 3, type: 'String', value: 'busy' },
  { name: 'setpoint', alias: 4, type: 'Int16', value: -5 }] });
client.on('birth', () => {
  client.publishNodeBirth({ timestamp: Date.now(), metrics: [
    { name: 'Node Control/Rebirth', type: 'Boolean', value: false }] });
  client.publishDeviceBirth('oven', oven(1.5));
});
client.on('dcmd', (device, payload) => {
  const value = Number(payload.metrics[0].value);
  client.publishDeviceData('oven', { timestamp: Date.now(), metrics: [
    { name: 'setpoint', alias: 4, type: 'Int16', value: value }] });
});
setInterval(() => client.publishDeviceData('oven', { timestamp: Date.now(), metrics: [
  { name: 'power', alias: 1, type: 'Double', value: 2.5 }] }), 100);
"""


@pytest.mark.broker
def test_a_foreign_edge_node_on_the_broker(broker: Broker, tmp_path: Path) -> None:
    folder = os.environ.get("ECOTWIN_SPARKPLUG_CLIENT")
    if not folder:
        pytest.skip("ECOTWIN_SPARKPLUG_CLIENT names no folder with npm's sparkplug-client")
    script = tmp_path / "node.js"
    script.write_text(_NODE.replace("PORT", str(broker.port)))
    plant = plant_of(oven_signals(), "sparkplug", {"port": broker.port, "group": "g"}, writing=True)
    twin = Sparkplug(
        plant,
        plant.connections[0],
        ManualClock(datetime.now(UTC)),
        settings=InletLimits(),
    )
    twin.start()
    wait_for(lambda: twin.health().state == "online")
    peer = subprocess.Popen(
        [require("node", "nodejs"), str(script)],
        env={**os.environ, "NODE_PATH": str(Path(folder) / "node_modules")},
    )
    got: list[Samples] = []

    def seen(signal: int, value: float) -> bool:
        if delivery := twin.take(0.05):
            got.append(delivery.samples)
        every = Samples.join(got)
        return bool(np.any((every.signal == signal) & (every.value == value)))

    try:
        for signal, value in ((0, 1.5), (1, 7.0), (2, 5.0), (3, -5.0), (0, 2.5)):
            wait_for(lambda s=signal, v=value: seen(s, v))  # type: ignore[misc]
        twin.write("e1_oven_setpoint", 21.5, 60.0)
        wait_for(lambda: seen(3, 215.0))
        assert twin.health().refused == 0
        assert twin.health().extra.get("gaps", 0) == 0
    finally:
        peer.kill()
        peer.wait()
    wait_for(lambda: twin.health().stale == ("e1",))
    twin.stop()
