/** One step of a replica as text, its input and its effects: for work on the protocol. */
import type { Effect, ReplicaInput } from '../ft/effects.ts';
import { decodeMessage } from '../ft/messages.ts';
import { ms } from './event-text.ts';
import { type Line, styled } from './styled-text.ts';

/** The parts of a step: its input, its effects, and the events among the effects. */
export const stepParts = ['input', 'effect', 'note'] as const;
/** See {@link stepParts}. */
export type StepPart = (typeof stepParts)[number];

/** The lines of a step at `atNs` on a host, limited to the given parts. */
export function stepLines(
  {
    atNs,
    host,
    input,
    effects,
  }: { atNs: number; host: string; input: ReplicaInput; effects: readonly Effect[] },
  parts: ReadonlySet<StepPart>,
): Line[] {
  const row = (arrow: string, text: string): Line => [
    styled('aside', `${ms(atNs).padStart(12)}  ${host.padEnd(8)} ${arrow} `),
    text,
  ];
  return [
    ...(parts.has('input') ? [row('<-', inputText(input))] : []),
    ...effects.flatMap((effect) =>
      parts.has(effect.do === 'note' ? 'note' : 'effect') ? [row('->', effectText(effect))] : [],
    ),
  ];
}

const inputText = (input: ReplicaInput): string =>
  input.kind === 'message' ? `${input.from}: ${messageText(input.bytes)}` : fieldsOf(input.kind, input);

function effectText(effect: Effect): string {
  switch (effect.do) {
    case 'send':
    case 'datagram':
      return `${effect.do} to ${effect.to}: ${messageText(effect.bytes)}`;
    case 'note':
      return fieldsOf(`note ${effect.event.kind}`, effect.event);
    default:
      return fieldsOf(effect.do, effect);
  }
}

function messageText(bytes: Uint8Array): string {
  const message = decodeMessage(bytes);
  return `${fieldsOf(message.kind, message)}, ${bytes.length} bytes`;
}

/** A name and the fields of a value; of lists and bytes only their length. */
const fieldsOf = (name: string, value: object): string =>
  [name, ...fields(value)].filter((text) => text !== '').join(' ');

const fields = (value: object): string[] =>
  Object.entries(value).flatMap(([key, field]) =>
    key === 'kind' || key === 'do' || field === undefined ? [] : [`${key}=${fieldText(field)}`],
  );

/** Maximum number of characters shown of a text. */
const MAX_TEXT = 60;

function fieldText(field: unknown): string {
  if (field instanceof Uint8Array) return `${field.length} bytes`;
  if (typeof field === 'bigint') return `0x${field.toString(16)}`;
  if (Array.isArray(field))
    return field.every((one) => typeof one === 'string') ? `[${field.join(',')}]` : `${field.length} items`;
  if (typeof field === 'object' && field !== null) return `{${fields(field).join(' ')}}`;
  if (typeof field !== 'string') return String(field);
  return JSON.stringify(field.length > MAX_TEXT ? `${field.slice(0, MAX_TEXT)}…` : field);
}
