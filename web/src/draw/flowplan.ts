// Lays out the energy flow: blocks in columns, bands true to scale, and for every excess one strand that runs
// from the source to where it is lost. Pure: no drawing here.

import type { Flow, FlowEnd, FlowLink, FlowNode, Level } from "../api/types.ts";

export interface Block {
  readonly node: FlowNode;
  readonly x: number;
  readonly width: number;
  y: number;
  readonly height: number;
}

export interface Ribbon {
  readonly link: FlowLink;
  readonly path: string;
  readonly rest: boolean;
}

export interface Strand {
  readonly path: string;
  readonly width: number;
  readonly level: Level;
  readonly name: string;
}

export interface RowPlace {
  readonly end: FlowEnd;
  readonly carrier: string;
  readonly y: number;
}

export interface Plan {
  readonly height: number;
  readonly blocks: Block[];
  readonly ribbons: Ribbon[];
  readonly strands: Strand[];
  readonly rows: RowPlace[];
}

const ROW = 17;
const GROUP_GAP = 5;
const BLOCK_LOW = 20;
const APART = 8;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Blocks of one column must not lie on each other: those that would touch move as one, about their common middle. */
function spread(blocks: Block[], floor: number): void {
  const wish = new Map(blocks.map((b) => [b, b.y + b.height / 2]));
  const sorted = blocks.map((b, i) => ({ b, i })).sort((l, r) => (wish.get(l.b) ?? 0) - (wish.get(r.b) ?? 0) || l.i - r.i).map(({ b }) => b);
  const runs: { members: Block[]; top: number; size: number }[] = [];
  for (const block of sorted) {
    let run = { members: [block], top: block.y, size: block.height };
    for (let last = runs.at(-1); last && last.top + last.size + APART > run.top; last = runs.at(-1)) {
      runs.pop();
      const members = [...last.members, ...run.members];
      const size = last.size + APART + run.size;
      let offset = 0;
      const tops = members.map((m) => {
        const top = (wish.get(m) ?? 0) - m.height / 2 - offset;
        offset += m.height + APART;
        return top;
      });
      run = { members, size, top: sum(tops) / tops.length };
    }
    run.top = Math.max(0, Math.min(run.top, floor - run.size));
    runs.push(run);
  }
  for (const run of runs) {
    let y = run.top;
    for (const member of run.members) {
      member.y = y;
      y += member.height + APART;
    }
  }
}

/** Ends in the order in which their groups come, so that bands cross as little as may be. */
function ordered(flow: Flow, into: Map<string, FlowLink[]>): { end: FlowEnd; group: string }[] {
  const place = new Map(flow.nodes.map((n, i) => [n.id, i]));
  const root = (id: string): string => {
    const links = into.get(id) ?? [];
    const main = [...links].sort((a, b) => b.kw - a.kw)[0];
    const node = flow.nodes[place.get(id) ?? -1];
    if (!main || !node || node.column <= 1) return id;
    const up = root(main.source);
    const upNode = flow.nodes[place.get(up) ?? -1];
    return upNode && upNode.column <= 1 && node.column === 2 ? id : up;
  };
  return flow.ends.map((end) => ({ end, group: root(end.node) }));
}

export function plan(flow: Flow, width: number, wanted: number): Plan {
  const out = new Map<string, FlowLink[]>();
  const into = new Map<string, FlowLink[]>();
  for (const link of flow.links) {
    out.set(link.source, [...(out.get(link.source) ?? []), link]);
    into.set(link.target, [...(into.get(link.target) ?? []), link]);
  }
  const ends = ordered(flow, into);
  const kwOf = new Map(flow.ends.map((e) => [e.node, Math.max(0, e.kw ?? 0)]));
  const gaps = sum(ends.map((e, i) => (i > 0 && e.group !== ends[i - 1]?.group ? GROUP_GAP : 0)));
  const height = Math.max(wanted, ends.length * ROW + gaps);
  const scale = fit(flow, ends.map((e) => kwOf.get(e.end.node) ?? 0), height - gaps, height);

  // Leaves first: every row is at least as high as its text.
  const rows: RowPlace[] = [];
  const nodes = new Map(flow.nodes.map((n) => [n.id, n]));
  const blocks = new Map<string, Block>();
  let y = 0;
  const slack = Math.max(0, height - gaps - sum(ends.map((e) => Math.max(ROW, (kwOf.get(e.end.node) ?? 0) * scale)))) / Math.max(1, ends.length);
  ends.forEach(({ end, group }, i) => {
    if (i > 0 && group !== ends[i - 1]?.group) y += GROUP_GAP;
    const size = Math.max(2, (kwOf.get(end.node) ?? 0) * scale);
    const slot = Math.max(ROW, size) + slack;
    const node = nodes.get(end.node);
    rows.push({ end, carrier: node?.carrier ?? "", y: y + slot / 2 });
    if (node) blocks.set(node.id, { node, x: width - 4, width: 4, y: y + slot / 2 - size / 2, height: size });
    y += slot;
  });

  const columns: readonly (readonly [number, number])[] = [
    [0, width * 0.178],
    [width * 0.257, width * 0.178],
    [width * 0.532, width * 0.302],
  ];
  for (const column of [2, 1, 0]) {
    const here: Block[] = [];
    const [x, wide] = columns[column] ?? [0, 0];
    for (const node of flow.nodes) {
      if (node.column !== column || blocks.has(node.id)) continue;
      const next = (out.get(node.id) ?? []).map((l) => blocks.get(l.target)).filter((b): b is Block => b !== undefined);
      const middle = next.length ? sum(next.map((b) => (b.y + b.height / 2) * Math.max(b.height, 1))) / sum(next.map((b) => Math.max(b.height, 1))) : y;
      const size = Math.max(BLOCK_LOW, node.kw * scale);
      here.push({ node, x, width: wide, y: middle - size / 2, height: size });
    }
    spread(here, height);
    for (const block of here) blocks.set(block.node.id, block);
  }
  return { height, rows, blocks: [...blocks.values()], ...join(flow, blocks, out, into, scale) };
}

/** kW to pixels: the largest scale at which every column still fits. */
function fit(flow: Flow, leaves: readonly number[], leafRoom: number, height: number): number {
  let scale = Infinity;
  for (const column of [0, 1, 2]) {
    const members = flow.nodes.filter((n) => n.column === column);
    const kw = sum(members.map((n) => n.kw));
    if (kw > 0) scale = Math.min(scale, (height - APART * (members.length - 1)) / kw);
  }
  let [low, high] = [0, Number.isFinite(scale) ? scale : 1];
  for (let i = 0; i < 40; i += 1) {
    const middle = (low + high) / 2;
    if (sum(leaves.map((kw) => Math.max(ROW, kw * middle))) <= leafRoom) low = middle;
    else high = middle;
  }
  return low * 0.94;
}

interface Route {
  links: FlowLink[];
  level: Level;
  kw: number;
  name: string;
}

/** Follow every excess from where it is lost back to the source. */
function routes(flow: Flow, out: Map<string, FlowLink[]>, into: Map<string, FlowLink[]>): Route[] {
  const names = new Map(flow.nodes.map((n) => [n.id, n.name]));
  const lost = flow.links.filter((l) => {
    const below = out.get(l.target) ?? [];
    return l.excess_kw > 0 && (l.level === "watch" || l.level === "act") && !below.some((b) => b.excess_kw > 0 && b.level !== "ok");
  });
  return lost.map((last) => {
    const links = [last];
    const seen = new Set([last]);
    for (;;) {
      const above = (into.get(links[0]?.source ?? "") ?? []).filter((l) => !seen.has(l));
      const up = [...above].sort((a, b) => b.excess_kw - a.excess_kw || b.kw - a.kw)[0];
      if (!up) break;
      seen.add(up);
      links.unshift(up);
    }
    return { links, level: last.level, kw: last.excess_kw, name: names.get(last.target) ?? "" };
  });
}

/** A band that passes a column by bends before it, so that it does not run through the blocks there. */
const GAP_SHARE = 0.55;
function bendAt(from: Block, end: number): number {
  return Math.min(end, from.x + from.width + Math.max(40, from.width * GAP_SHARE));
}

function join(flow: Flow, blocks: Map<string, Block>, out: Map<string, FlowLink[]>, into: Map<string, FlowLink[]>, scale: number): { ribbons: Ribbon[]; strands: Strand[] } {
  const centre = (id: string): number => {
    const b = blocks.get(id);
    return b ? b.y + b.height / 2 : 0;
  };
  const top = new Map<FlowLink, [number, number]>();
  const thick = (link: FlowLink): number => Math.max(1, link.kw * scale);
  const stack = (links: readonly FlowLink[], block: Block, side: 0 | 1, other: (l: FlowLink) => string): void => {
    const sorted = [...links].sort((a, b) => centre(other(a)) - centre(other(b)));
    // Along the lower edge, so that a thin flow does not run through the name of its block.
    let y = block.y + Math.max(0, block.height - sum(sorted.map(thick)));
    for (const link of sorted) {
      const pair = top.get(link) ?? [0, 0];
      pair[side] = y;
      top.set(link, pair);
      y += thick(link);
    }
  };
  for (const block of blocks.values()) {
    stack(out.get(block.node.id) ?? [], block, 0, (l) => l.target);
    stack(into.get(block.node.id) ?? [], block, 1, (l) => l.source);
  }
  const found = routes(flow, out, into).sort((a, b) => centre(a.links.at(-1)?.target ?? "") - centre(b.links.at(-1)?.target ?? ""));
  const wide = (kw: number): number => Math.max(1.6, kw * scale);
  const carried = new Map<FlowLink, number>();
  for (const route of found) for (const link of route.links) carried.set(link, (carried.get(link) ?? 0) + wide(route.kw));
  const n = (v: number): string => v.toFixed(1);
  const ribbons = flow.links.flatMap((link) => {
    const [from, into2] = [blocks.get(link.source), blocks.get(link.target)];
    const pair = top.get(link);
    if (!from || !into2 || !pair) return [];
    const [x0, x1] = [from.x + from.width, into2.x];
    const bend = bendAt(from, x1);
    const m = (x0 + bend) / 2;
    const h = Math.max(0.6, thick(link) - Math.min(carried.get(link) ?? 0, thick(link) - 0.6));
    const [a, b] = pair;
    const path = `M${n(x0)} ${n(a)}C${n(m)} ${n(a)} ${n(m)} ${n(b)} ${n(bend)} ${n(b)}H${n(x1)}V${n(b + h)}H${n(bend)}C${n(m)} ${n(b + h)} ${n(m)} ${n(a + h)} ${n(x0)} ${n(a + h)}Z`;
    return [{ link, path, rest: into2.node.rest }];
  });
  // Strands lie on the lower edge of each band, in the order of the rows.
  const used = new Map<FlowLink, number>();
  const strands = [...found].reverse().map((route) => {
    const size = wide(route.kw);
    let path = "";
    for (const link of route.links) {
      const [from, into2] = [blocks.get(link.source), blocks.get(link.target)];
      const pair = top.get(link);
      if (!from || !into2 || !pair) continue;
      const offset = Math.max(thick(link), carried.get(link) ?? 0) - (used.get(link) ?? 0) - size / 2;
      used.set(link, (used.get(link) ?? 0) + size);
      const [x0, y0, x1, y1] = [from.x + from.width, pair[0] + offset, into2.x, pair[1] + offset];
      const bend = bendAt(from, x1);
      const m = (x0 + bend) / 2;
      if (!path) path = `M${n(x0)} ${n(y0)}`;
      else path += curve(path, x0, y0, n);
      path += `C${n(m)} ${n(y0)} ${n(m)} ${n(y1)} ${n(bend)} ${n(y1)}L${n(x1)} ${n(y1)}`;
    }
    return { path, width: size, level: route.level, name: route.name };
  });
  return { ribbons, strands };
}

/** Through a block: from where the strand came in to where it leaves; under a label it rises only at the end. */
function curve(path: string, x: number, y: number, n: (v: number) => string): string {
  const numbers = path.match(/-?[\d.]+/g) ?? [];
  const [fromX, fromY] = [Number(numbers.at(-2)), Number(numbers.at(-1))];
  const late = x - fromX > 120;
  const start = late ? fromX + (x - fromX) * 0.76 : fromX;
  const m = (start + x) / 2;
  return `${late ? `L${n(start)} ${n(fromY)}` : ""}C${n(m)} ${n(fromY)} ${n(m)} ${n(y)} ${n(x)} ${n(y)}`;
}
