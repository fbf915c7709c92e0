import { render } from "preact";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { stream, useBar } from "./api/live.ts";
import { useKeys } from "./app/keys.ts";
import { catchLinks, to, useRoute } from "./app/route.ts";
import { More, Shell, TABS } from "./app/shell.tsx";
import "./app/theme.ts";
import { Dialog, DecisionSheet, Receipt } from "./pages/decide.tsx";
import { AccountsPage } from "./pages/accounts.tsx";
import { AdvicePages } from "./pages/advice.tsx";
import { FindingPage, FindingsPage } from "./pages/findings.tsx";
import { MachinePage } from "./pages/machine.tsx";
import { MachinesPage } from "./pages/machines.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { ProofPage } from "./pages/proof.tsx";
import { WhatIfPages } from "./pages/whatif.tsx";
import "./style/tokens.css";
import "./style/shell.css";
import "./style/draw.css";
import "./style/pages.css";
import "./style/whatif.css";
import "./style/print.css";

const KEYS: readonly (readonly [string, string])[] = [
  ["/", "Search machines"],
  ["?", "This help"],
  ["1 … 7", "Overview, machines, findings, advice, what if, accounts, proof"],
  ["↑ ↓", "Row by row in tables and lists"],
  ["Enter", "Open the row"],
  ["Esc", "Close what is open"],
];

function Page(): JSX.Element {
  const { path, query } = useRoute();
  const area = query.get("area") ?? "";
  const [help, setHelp] = useState(false);
  const [more, setMore] = useState(false);
  const bar = useBar(null);
  useEffect(() => stream.open(area), [area]);
  useKeys(() => setHelp(true));
  useEffect(() => {
    const tab = TABS.find((t) => t.id === (path[0] ?? ""));
    document.title = `${tab?.name ?? "ecotwin"} · ${bar?.plant ?? "ecotwin"}`;
  }, [path, bar?.plant]);
  return (
    <Shell bar={bar} help={() => setHelp(true)} more={() => setMore(true)}>
      <View path={path} />
      <DecisionSheet />
      <Receipt />
      {more && bar && <More bar={bar} close={() => setMore(false)} help={() => setHelp(true)} />}
      {help && (
        <Dialog title="Keys" close={() => setHelp(false)}>
          <dl class="keys">{KEYS.map(([key, what]) => <><dt><kbd>{key}</kbd></dt><dd>{what}</dd></>)}</dl>
          <div class="row"><button type="button" class="button tall" onClick={() => setHelp(false)}>Close</button></div>
        </Dialog>
      )}
    </Shell>
  );
}

function View({ path }: { path: readonly string[] }): JSX.Element {
  const [view, id] = path;
  if (view === undefined) return <OverviewPage />;
  if (view === "machines") return id === undefined ? <MachinesPage /> : <MachinePage key={id} id={id} />;
  if (view === "findings") return id === undefined ? <FindingsPage /> : <FindingPage key={id} id={id} />;
  if (view === "advice") return <AdvicePages key={id ?? ""} id={id} />;
  if (view === "whatif") return <WhatIfPages path={path.slice(1)} />;
  if (view === "accounts") return <AccountsPage />;
  if (view === "proof") return <ProofPage />;
  return (
    <section class="panel problem">
      <h2>There is no page at this address.</h2>
      <p class="empty">It may come from another version. <a class="under" href={to([])}>Go to the overview</a></p>
    </section>
  );
}

document.addEventListener("click", catchLinks);
const root = document.getElementById("page");
if (root) render(<Page />, root);
