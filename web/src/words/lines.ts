// Lines of a scenario's text, for the editor.

/** The value of a key at the left edge of a YAML text, without its quotes; empty when it is not there. */
export function topLine(text: string, key: string): string {
  const found = new RegExp(`^${key}:[ \\t]*(?:'((?:[^']|'')*)'|"([^"]*)"|(.*?))[ \\t]*(?:(?<=[ \\t])#.*)?$`, "m").exec(text);
  return found?.[1]?.replaceAll("''", "'") ?? found?.[2] ?? found?.[3] ?? "";
}

/** The text with a key at its left edge set; a key that is not there comes to the top. */
export function withTopLine(text: string, key: string, value: string): string {
  const plain = /^[A-Za-z0-9_][^:#'"[\]{}&*!|>%@`\n]*$/.test(value) && !/\s$/.test(value) && !/^[\d.]+$/.test(value);
  const line = `${key}: ${plain ? value : `'${value.replaceAll("'", "''")}'`}`;
  const at = new RegExp(`^${key}:.*$`, "m");
  return at.test(text) ? text.replace(at, () => line) : `${line}\n${text}`;
}

/** A name as an id: lower case, digits and underscores, a letter first. */
export function idOf(name: string): string {
  const bare = name.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[^a-z]+|_+$/g, "");
  return bare.slice(0, 60) || "my_scenario";
}

/** Where a line begins and ends in a text; lines count from 1, one outside is the nearest. */
export function placeOf(text: string, line: number): readonly [number, number] {
  const lines = text.split("\n");
  const at = Math.max(1, Math.min(lines.length, line)) - 1;
  const start = lines.slice(0, at).reduce((sum, l) => sum + l.length + 1, 0);
  return [start, start + (lines[at] ?? "").length];
}
