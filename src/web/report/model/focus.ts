/** What the reader looks at: every view shows it, every element sets it, and the address holds it. */

/** A time, a host, and the part of the run that the detail shows. The position of the host follows from the time. */
export interface Focus {
  atNs: number;
  host: string;
  fromNs: number;
  toNs: number;
}

/** The shortest part of a run that the detail shows. */
export const MIN_SPAN_NS = 2_000;

/** The focus within a run of this length and these hosts. */
export function within(focus: Focus, endNs: number, hosts: readonly string[]): Focus {
  const clamp = (ns: number) => Math.max(0, Math.min(Number.isFinite(ns) ? ns : 0, endNs));
  const span = Math.min(endNs, Math.max(MIN_SPAN_NS, clamp(focus.toNs) - clamp(focus.fromNs)));
  const fromNs = Math.min(clamp(focus.fromNs), endNs - span);
  return {
    atNs: clamp(focus.atNs),
    host: hosts.includes(focus.host) ? focus.host : hosts[0]!,
    fromNs,
    toNs: fromNs + span,
  };
}

/** The focus as the part of an address after `#`; `icount`, the position of the host, is for the reader only. */
export function toHash({ atNs, host, fromNs, toNs }: Focus, icount: number | undefined): string {
  const ns = (value: number) => String(Math.round(value));
  const position = icount === undefined ? '' : `&icount=${icount}`;
  return `#t=${ns(atNs)}&host=${encodeURIComponent(host)}${position}&from=${ns(fromNs)}&to=${ns(toNs)}`;
}

/** Reads {@link toHash}; what is missing or damaged is left out. */
export function fromHash(hash: string): Partial<Focus> {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const numbers = (
    [
      ['atNs', 't'],
      ['fromNs', 'from'],
      ['toNs', 'to'],
    ] as const
  ).flatMap(([field, name]) => {
    const text = fields.get(name);
    return text !== null && /^\d{1,15}$/.test(text) ? [[field, Number(text)] as const] : [];
  });
  const host = fields.get('host');
  return { ...Object.fromEntries(numbers), ...(host !== null && { host }) };
}

/** The focus with its time in the detail, which moves if it has to. */
export function withTime(focus: Focus): Focus {
  const { atNs, fromNs, toNs } = focus;
  if (atNs >= fromNs && atNs <= toNs) return focus;
  const half = (toNs - fromNs) / 2;
  return { ...focus, fromNs: atNs - half, toNs: atNs + half };
}

/** The detail moved by `byNs`, and stretched by `factor` around `aroundNs`. */
export function zoomed(focus: Focus, factor: number, aroundNs: number, byNs = 0): Focus {
  const span = Math.max(MIN_SPAN_NS, (focus.toNs - focus.fromNs) * factor);
  const share = (aroundNs - focus.fromNs) / (focus.toNs - focus.fromNs);
  const fromNs = aroundNs - share * span + byNs;
  return { ...focus, fromNs, toNs: fromNs + span };
}
