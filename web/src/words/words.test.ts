// Run by `node --test`; the pure parts of the pages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { plan } from "../draw/flowplan.ts";
import { bandPath, excess, indexAt, linear, linePath, roundTicks } from "../draw/scale.ts";
import { age, columnDecimals, csv, percent, signed, three } from "./format.ts";
import { fromWall, timeTicks, wall, zoneName } from "./time.ts";

test("three significant figures, whole digits kept, a gap is a dash", () => {
  const cases: [number | null, string][] = [[660.4, "660"], [65.84, "65.8"], [0.7521, "0.752"], [5370, "5,370"], [9.999, "10.0"], [99.97, "100"], [-3.14159, "−3.14"], [0, "0"], [null, "–"], [0.000123456, "0.000123"]];
  for (const [value, text] of cases) assert.equal(three(value), text);
});

test("signs: true minus, plus-minus where nothing is left at the shown precision", () => {
  assert.equal(signed(15.6, 1), "+15.6");
  assert.equal(signed(-0.9, 1), "−0.9");
  assert.equal(signed(-0.04, 1), "±0.0");
  assert.equal(signed(null, 1), "–");
});

test("a column shares its decimals", () => {
  assert.equal(columnDecimals([50.1, 0.04, null]), 1);
  assert.equal(columnDecimals([1192, 38]), 0);
  assert.equal(columnDecimals([0.752, 0.7]), 3);
});

test("99.6 % is never shown as complete", () => {
  assert.equal(percent(0.996), "99 %");
  assert.equal(percent(1), "100 %");
  assert.equal(age(61), "61 s");
  assert.equal(age(4020), "67 min");
});

test("CSV quotes, keeps numbers plain and disarms formulas", () => {
  assert.equal(csv([["a,b", 'say "x"', -1.5, null]]), '"a,b","say ""x""",-1.5,\r\n');
  assert.equal(csv([["=SUM(A1)", "@x", "+4 kW", "−1"]]), "'=SUM(A1),'@x,+4 kW,−1\r\n");
});

test("a gap stays a gap", () => {
  const same = (v: number): number => v;
  assert.equal(linePath([0, 1, 2, 3, 4], [5, 6, null, 7, 8], same, same), "M0 5L1 6M3 7L4 8");
  assert.equal(linePath([0, 1, 2], [null, 6, null], same, same), "M1 6h.01");
  const band = bandPath([0, 1, 2, 3, 4], [1, 1, null, 1, 1], [2, 2, 2, 2, 2], same, same);
  assert.equal(band.split("M").length - 1, 2);
});

test("excess is only what lies above the band", () => {
  const { top, foot } = excess([1, 5, null, 1], [2, 2, 2, 2]);
  assert.deepEqual(top, [2, 5, null, null]);
  assert.deepEqual(foot, [2, 2, 2, null]);
});

test("round ticks and steps", () => {
  assert.deepEqual(roundTicks(0, 78, 3), [0, 30, 60]);
  assert.deepEqual(roundTicks(0, 700, 4), [0, 200, 400, 600]);
  assert.equal(indexAt([10, 20, 30], 25), 1);
  assert.equal(indexAt([10, 20, 30], 5), -1);
  assert.equal(linear([0, 10], [100, 0])(2.5), 75);
});

test("local days of 23 and 25 hours get each local hour once, at its own instant", () => {
  const zone = "Europe/Berlin";
  const spring = timeTicks(Date.parse("2026-03-28T23:00Z"), Date.parse("2026-03-29T22:00Z"), zone, 9);
  assert.deepEqual(spring.map((t) => t.text), ["00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "24:00"]);
  assert.equal(spring[1]?.at, Date.parse("2026-03-29T01:00Z"));
  const autumn = timeTicks(Date.parse("2026-10-24T22:00Z"), Date.parse("2026-10-25T23:00Z"), zone, 9);
  assert.equal(autumn.at(-1)?.text, "24:00");
  assert.equal(new Set(autumn.map((t) => t.at)).size, autumn.length);
  for (let hour = 0; hour < 8760; hour += 7) {
    const at = Date.parse("2026-01-01T00:00Z") + hour * 3_600_000;
    const back = fromWall(wall(at, zone), zone);
    assert.ok(back === at || Math.abs(back - at) === 3_600_000, String(hour));
  }
  assert.equal(zoneName(Date.parse("2026-06-18T08:42Z"), zone), "CEST");
});

test("the flow: bands true to scale, nothing overlaps, strands run from source to leaf", () => {
  const node = (id: string, column: number, kw: number) => ({ id, name: id, column, carrier: "electricity", kw, element: "", rest: false });
  const link = (source: string, target: string, kw: number, excess_kw = 0, level: "ok" | "act" = "ok") => ({ source, target, carrier: "electricity", kw, excess_kw, level });
  const end = (id: string, kw: number) => ({ node: id, name: id, element: "", kw, expected_kw: kw, above_kw: 0, level: "ok" as const, rest: false });
  const leaves: [string, string, number][] = [["a", "g1", 60], ["b", "g1", 40], ["c", "g2", 80], ["d", "g2", 20]];
  const flow = {
    title: "",
    nodes: [node("grid", 0, 200), node("main", 1, 200), node("g1", 2, 100), node("g2", 2, 100), ...leaves.map(([id, , kw]) => node(id, 3, kw))],
    links: [link("grid", "main", 200, 15, "act"), link("main", "g1", 100, 15, "act"), link("main", "g2", 100), ...leaves.map(([id, g, kw]) => link(g, id, kw, id === "b" ? 15 : 0, id === "b" ? "act" : "ok"))],
    ends: leaves.map(([id, , kw]) => end(id, kw)),
  };
  const made = plan(flow, 530, 340);
  assert.equal(made.strands.length, 1);
  assert.match(made.strands[0]?.path ?? "", /^M94/);
  assert.ok((made.strands[0]?.path ?? "").endsWith(`${(526).toFixed(1)} ${made.strands[0]?.path.split(" ").at(-1)}`));
  const size = (id: string): number => made.blocks.find((b) => b.node.id === id)?.height ?? 0;
  assert.ok(Math.abs(size("grid") / size("g1") - 2) < 0.01);
  assert.ok(Math.abs((made.strands[0]?.width ?? 0) / size("grid") - 15 / 200) < 0.005);
  for (const column of [0, 1, 2]) {
    const blocks = made.blocks.filter((b) => b.node.column === column).sort((p, q) => p.y - q.y);
    blocks.forEach((b, i) => {
      const next = blocks[i + 1];
      if (next) assert.ok(b.y + b.height <= next.y + 0.01);
      assert.ok(b.y >= 0 && b.y + b.height <= made.height + 0.01);
    });
  }
  for (const [i, row] of made.rows.entries()) if (i > 0) assert.ok(row.y - (made.rows[i - 1]?.y ?? 0) >= 18.9);
});
