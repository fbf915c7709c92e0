import { useEffect, useState } from "preact/hooks";

/** Where the page is: path segments and the query; both live in the address, so every view can be linked. */
export interface Place {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

const listeners = new Set<() => void>();

export function here(): Place {
  const path = location.pathname.split("/").filter(Boolean).map(decodeURIComponent);
  return { path, query: new URLSearchParams(location.search) };
}

/** An address; the area filter and the theme go along, other filters stay behind. */
export function to(path: readonly string[], query: Record<string, string> = {}): string {
  const carried = new URLSearchParams();
  const area = new URLSearchParams(location.search).get("area");
  if (area) carried.set("area", area);
  for (const [key, value] of Object.entries(query)) if (value) carried.set(key, value);
  const tail = carried.toString();
  return "/" + path.map(encodeURIComponent).join("/") + (tail ? `?${tail}` : "");
}

export function go(address: string, replace = false): void {
  if (replace) history.replaceState(null, "", address);
  else if (address !== location.pathname + location.search) history.pushState(null, "", address);
  for (const listener of listeners) listener();
  if (!replace) window.scrollTo(0, 0);
}

/** Change filters of this view; empty values are taken out of the address. */
export function filter(changes: Record<string, string>, replace = false): void {
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value) query.set(key, value);
    else query.delete(key);
  }
  const tail = query.toString();
  const address = location.pathname + (tail ? `?${tail}` : "");
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  for (const listener of listeners) listener();
}

export function useRoute(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const moved = (): void => setPlace(here());
    listeners.add(moved);
    window.addEventListener("popstate", moved);
    return () => {
      listeners.delete(moved);
      window.removeEventListener("popstate", moved);
    };
  }, []);
  return place;
}

/** Plain clicks on our own links stay in the page. */
export function catchLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest("a");
  const address = link?.getAttribute("href");
  if (!link || !address?.startsWith("/") || address.startsWith("/api/") || link.hasAttribute("download") || link.getAttribute("target")) return;
  event.preventDefault();
  go(address);
}
