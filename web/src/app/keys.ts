import { useEffect } from "preact/hooks";
import { go, here, to } from "./route.ts";
import { TABS } from "./shell.tsx";

const FIELDS = new Set(["INPUT", "TEXTAREA", "SELECT"]);

/** Rows that arrows walk: the first link or button of each row of a table or list. */
function stops(from: Element): HTMLElement[] {
  const list = from.closest("tbody, ol, .walk");
  if (!list) return [];
  const rows = list.querySelectorAll(":scope > tr, :scope > li, :scope > a");
  return [...rows].map((row) => (row.matches("a") ? (row as HTMLElement) : row.querySelector<HTMLElement>("a, button"))).filter((e): e is HTMLElement => e !== null);
}

function walk(step: 1 | -1): boolean {
  const active = document.activeElement;
  if (active && active !== document.body && active.id !== "content") {
    const all = stops(active);
    const row = active.closest("tr, li");
    const at = all.findIndex((e) => e === active || (row !== null && row.contains(e)));
    const next = all[at + step];
    if (at >= 0) {
      next?.focus();
      return true;
    }
    return false;
  }
  return false;
}

/** Keys of every page: / search, ? help, digits for the tabs, arrows row by row. */
export function useKeys(help: () => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target instanceof Element ? event.target : document.body;
      if (FIELDS.has(target.tagName) || document.querySelector("dialog[open]")) return;
      const tab = TABS[Number(event.key) - 1];
      if (event.key === "?") help();
      else if (event.key === "/") search();
      else if (tab) go(to(tab.id ? [tab.id] : []));
      else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (!walk(event.key === "ArrowDown" ? 1 : -1)) return;
      } else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [help]);
}

function search(): void {
  const field = document.querySelector<HTMLInputElement>("input[type=search]");
  if (here().path[0] === "machines" && field) field.focus();
  else go(to(["machines"], { find: "1" }));
}
