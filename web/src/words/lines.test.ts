import assert from "node:assert/strict";
import { test } from "node:test";
import { idOf, placeOf, topLine, withTopLine } from "./lines.ts";

const TEXT = "id: cooler\nname: 'Ovens: cooler'   # said so\nset_points:\n  - {name: no}\n";

test("a key at the left edge is read without quotes and comment", () => {
  assert.equal(topLine(TEXT, "name"), "Ovens: cooler");
  assert.equal(topLine(TEXT, "id"), "cooler");
  assert.equal(topLine(TEXT, "author"), "");
});

test("what is set is read back, whatever it holds", () => {
  for (const value of ["Cooler", "7 bar: less", "it's $& \"hot\"", "- dash", "# hash", "12", ""])
    assert.equal(topLine(withTopLine(TEXT, "name", value), "name"), value);
  assert.ok(withTopLine("a: 1\n", "name", "x").startsWith("name: x\na: 1"));
  assert.equal(withTopLine(TEXT, "id", "other").split("\n").length, TEXT.split("\n").length);
});

test("a name becomes an id that scenarios may have", () => {
  for (const name of ["Öfen kälter", "6.2 bar", "A  b", "___", "x".repeat(90)]) assert.match(idOf(name), /^[a-z][a-z0-9_]{0,59}$/);
  assert.equal(idOf("Ovens asleep, in breaks"), "ovens_asleep_in_breaks");
});

test("a line has its place, one outside the nearest", () => {
  assert.deepEqual(placeOf("ab\ncde\n", 2), [3, 6]);
  assert.deepEqual(placeOf("ab\ncde", 9), [3, 6]);
  assert.deepEqual(placeOf("ab", 0), [0, 2]);
});
