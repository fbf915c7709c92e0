import { useEffect, useState } from "preact/hooks";

export type Theme = "system" | "light" | "dark";

const KEY = "ecotwin-theme";
const listeners = new Set<() => void>();

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

function apply(value: Theme): void {
  if (value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = value;
}

export function theme(value: Theme): void {
  try {
    if (value === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, value);
  } catch {
    // Private windows may refuse storage; the choice then lasts until the page is closed.
  }
  apply(value);
  for (const listener of listeners) listener();
}

export function useTheme(): Theme {
  const [value, setValue] = useState(stored);
  useEffect(() => {
    const changed = (): void => setValue(stored());
    listeners.add(changed);
    return () => void listeners.delete(changed);
  }, []);
  return value;
}

apply(stored());
