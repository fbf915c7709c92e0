// Numbers as people read them: three significant figures, a true minus, thousands in groups.

const MINUS = "−";

/** A number with fixed decimals, grouped, with a true minus sign. */
export function fixed(value: number, decimals: number): string {
  const text = Math.abs(value).toLocaleString("en-GB", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  const zero = !/[1-9]/.test(text);
  return value < 0 && !zero ? MINUS + text : text;
}

/** Decimals that give three significant figures; whole digits are never cut. */
export function decimals(value: number): number {
  const size = Math.abs(value);
  if (size === 0) return 0;
  if (size >= 99.95) return 0;
  if (size >= 9.995) return 1;
  if (size >= 0.9995) return 2;
  return Math.min(6, 2 - Math.floor(Math.log10(size)));
}

/** Three significant figures: 660, 65.8, 0.752; a gap is an en dash. */
export function three(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? "–" : fixed(value, decimals(value));
}

/** Decimals shared by a column, so that it aligns on the point. */
export function columnDecimals(values: readonly (number | null | undefined)[]): number {
  const size = Math.max(0, ...values.map((v) => Math.abs(v ?? 0)));
  if (size >= 1000) return 0;
  if (size >= 1 || size === 0) return 1;
  return decimals(size);
}

/** A difference with its sign; nothing at the shown precision is ±0. */
export function signed(value: number | null | undefined, places: number): string {
  if (value === null || value === undefined) return "–";
  const text = fixed(Math.abs(value), places);
  if (!/[1-9]/.test(text)) return `±${text}`;
  return (value < 0 ? MINUS : "+") + text;
}

/** A share as per cent: two figures below 10 only where they matter. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) return "–";
  const value = share * 100;
  const rounded = value > 99 && value < 100 ? Math.floor(value) : Math.round(value);
  return `${rounded} %`;
}

/** An age in words: 2 s, 4 min, 3.5 h, 2 days. */
export function age(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** A text for a CSV cell. */
export function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "number" ? String(value) : value;
  const safe = /^[=+\-@\t]/.test(text) && typeof value === "string" && !/^[-+]?[\d.]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as CSV text (RFC 4180). */
export function csv(rows: readonly (readonly (string | number | null | undefined)[])[]): string {
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
