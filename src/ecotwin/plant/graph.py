"""Whether the flow graph is sound: known names, one carrier a node, no loop, nothing fed twice."""

from __future__ import annotations

from ecotwin.plant.assembly import Assembly
from ecotwin.plant.catalogue import meanings
from ecotwin.plant.lines import Path
from ecotwin.plant.schema import BalancePart

AMOUNTS = ("counter", "interval", "rate")


def graph_check(assembly: Assembly) -> None:
    """Judge the balances of a plant file."""
    nodes: dict[str, BalancePart] = {}
    for number, node in enumerate(assembly.part.balances):
        path: Path = ("balances", number, "id")
        if node.id in nodes:
            line = assembly.faults.document.line(assembly.paths[f"balance {node.id}"])
            assembly.faults.add(
                path, f"the balance {node.id!r} stands already in line {line}", "rename one"
            )
            continue
        nodes[node.id] = node
        assembly.paths[f"balance {node.id}"] = path
    for number, node in enumerate(assembly.part.balances):
        _names(assembly, nodes, node, ("balances", number))
    _twice(assembly, nodes)
    for loop in loops(nodes):
        assembly.faults.add(
            assembly.paths[f"balance {loop[0]}"],
            f"the flow graph has a loop: {' -> '.join((*loop, loop[0]))}",
            "take one of these links out",
        )


def _names(
    assembly: Assembly, nodes: dict[str, BalancePart], node: BalancePart, path: Path
) -> None:
    faults = assembly.faults
    carriers = {m.carrier for m in meanings().values() if m.carrier}
    if node.carrier not in carriers:
        faults.unknown((*path, "carrier"), "carrier", node.carrier, carriers)
    if node.element not in assembly.elements:
        faults.unknown((*path, "element"), "element", node.element, assembly.elements)
    for side in ("inputs", "outputs"):
        for number, name in enumerate(getattr(node, side)):
            at = (*path, side, number)
            if name in nodes:
                carrier = nodes[name].carrier
            elif name in assembly.signals:
                signal = assembly.signals[name]
                carrier = signal.carrier
                if signal.form not in AMOUNTS:
                    faults.add(
                        at, f"{name} is a {signal.means}: no amount flows", "name a meter or a flow"
                    )
                    continue
            else:
                faults.unknown(at, "signal or balance", name, (*assembly.signals, *nodes))
                continue
            if node.carrier in carriers and carrier != node.carrier:
                faults.add(
                    at,
                    f"{name} carries {carrier or 'nothing'}, "
                    f"but the balance {node.id!r} is of {node.carrier}",
                    "put it into a balance of its own carrier",
                )


def _twice(assembly: Assembly, nodes: dict[str, BalancePart]) -> None:
    """Every amount is fed by one balance and feeds one balance."""
    fed: dict[str, tuple[str, str]] = {}
    feeds: dict[str, str] = {}
    for number, node in enumerate(assembly.part.balances):
        for position, name in enumerate(node.outputs):
            at: Path = ("balances", number, "outputs", position)
            leaves = [name, *nodes[name].inputs] if name in nodes else [name]
            for leaf in leaves:
                if leaf in fed:
                    other, through = fed[leaf]
                    way = f" (through {name!r})" if leaf != name else ""
                    way += f" (there through {through!r})" if leaf != through else ""
                    where = "twice here" if other == node.id else f"already by {other!r}"
                    assembly.faults.add(
                        at,
                        f"{leaf} is fed by {node.id!r}{way}, and {where}",
                        "name it in one balance only",
                    )
                    break
                fed[leaf] = (node.id, name)
        for position, name in enumerate(node.inputs):
            if name in feeds:
                assembly.faults.add(
                    ("balances", number, "inputs", position),
                    f"{name} feeds {node.id!r} and also {feeds[name]!r}",
                    "let it feed one balance, and that one feed the other",
                )
            feeds.setdefault(name, node.id)


def loops(nodes: dict[str, BalancePart]) -> list[tuple[str, ...]]:
    """Every loop found in the graph of balances, each as the ids along it."""
    takers: dict[str, list[str]] = {}
    for node in nodes.values():
        for name in node.inputs:
            takers.setdefault(name, []).append(node.id)
    after = {
        node.id: [
            *(name for name in node.outputs if name in nodes),
            *(t for name in node.outputs for t in takers.get(name, ()) if name not in nodes),
            *takers.get(node.id, ()),
        ]
        for node in nodes.values()
    }
    found: list[tuple[str, ...]] = []
    done: set[str] = set()
    for start in after:
        trail: list[str] = []
        stack = [(start, iter(after[start]))] if start not in done else []
        trail += [start] if stack else []
        while stack:
            step = next(stack[-1][1], None)
            if step is None:
                done.add(stack.pop()[0])
                trail.pop()
            elif step in trail:
                found.append(tuple(trail[trail.index(step) :]))
            elif step not in done:
                trail.append(step)
                stack.append((step, iter(after[step])))
    return found
