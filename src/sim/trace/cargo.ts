/** What a message carries, as a trace shows it. */
import { decodeMessage, type Message } from '../../ft/messages.ts';
import { describeEntry } from '../../vmm/entries.ts';
import { type EdgeOutput, lastOf } from '../../vmm/outputs.ts';
import type { Cargo } from '../world/link-trace.ts';
import type { MessageEvent } from './events.ts';

/** The longest description. */
const MAX_TEXT = 400;

/** The kind, numbers and words of a message. */
export type Content = Pick<MessageEvent, 'what' | 'first' | 'last' | 'text'>;

/** Long: a case for each kind. */
export function contentOf(cargo: Cargo): Content {
  switch (cargo.kind) {
    case 'bytes':
      return contentOfMessage(decodeMessage(cargo.bytes));
    case 'release': {
      const { outputs } = cargo;
      const text = cut(outputs.map(outputText).join(''));
      return { what: 'release', first: outputs[0]!.first, last: lastOf(outputs.at(-1)!), text };
    }
    case 'delivered':
      return { what: 'delivered', first: cargo.output.first, last: lastOf(cargo.output) };
    case 'listen':
      return { what: 'listen', text: `input from byte ${cargo.offset} on` };
    case 'typed':
      return {
        what: 'typed',
        first: cargo.offset,
        last: cargo.offset + cargo.data.length - 1,
        text: cut(new TextDecoder().decode(cargo.data)),
      };
    case 'frame':
      return {
        what: 'frame',
        first: cargo.number,
        last: cargo.number,
        text: `${cargo.frame.length} bytes`,
      };
    case 'claim':
    case 'record': {
      const { kind, generation, record } = cargo;
      const text = record ? membersText(record) : 'there is none';
      return { what: kind, first: generation, last: generation, text };
    }
    case 'read-generation':
      return { what: cargo.kind, first: cargo.generation, last: cargo.generation };
    case 'disk':
      return { what: 'disk', first: cargo.id, last: cargo.id, text: cargo.request.operation };
    case 'disk-done':
      return { what: 'disk-done', first: cargo.id, last: cargo.id, text: `status ${cargo.status}` };
    case 'announce':
    case 'inputs-held':
      return { what: cargo.kind };
  }
}

function contentOfMessage(message: Message): Content {
  switch (message.kind) {
    case 'entries': {
      const { first, entries } = message;
      if (entries.length === 0) return { what: 'entries' };
      const text = cut(entries.map(describeEntry).join('; '));
      return { what: 'entries', first, last: first + entries.length - 1, text };
    }
    case 'ack': {
      const { received, consumed, icount } = message;
      return { what: 'ack', last: received, text: `${consumed} consumed, at ${icount}` };
    }
    case 'members':
      return {
        what: 'members',
        first: message.generation,
        last: message.generation,
        text: membersText(message.record),
      };
    case 'state':
      return { what: 'state', last: message.entry };
    default:
      return { what: message.kind };
  }
}

const membersText = ({ primary, backups }: { primary: string; backups: readonly string[] }): string =>
  backups.length > 0 ? `${primary} with ${backups.join(', ')}` : `${primary} alone`;

const outputText = (output: EdgeOutput): string =>
  output.kind === 'console'
    ? new TextDecoder().decode(output.data)
    : `[frame of ${output.frame.length} bytes]`;

const cut = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text);
