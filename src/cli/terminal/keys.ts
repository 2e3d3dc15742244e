/** Terminal input: bytes for the guest, and commands to vmft after a Ctrl-A, as in QEMU. */

export type Key =
  | { kind: 'type'; data: Uint8Array }
  /** `quit`: end the run. `crash`: the primary loses power. `help`: list the keys. */
  | { kind: 'quit' | 'crash' | 'help' };

/** Ctrl-A. */
const ESCAPE = 0x01;

const commands: Readonly<Record<string, Key['kind']>> = { x: 'quit', c: 'crash', h: 'help', '?': 'help' };

/** What Ctrl-A h shows. */
export const KEYS_HELP = [
  'Ctrl-A x       quit',
  'Ctrl-A c       crash the primary; it restarts after a second',
  'Ctrl-A h       this list',
  'Ctrl-A Ctrl-A  send a Ctrl-A',
] as const;

/** Parses typed bytes. A Ctrl-A at the end waits for the next byte. */
export class Keys {
  private escaped = false;

  take(input: Uint8Array): Key[] {
    const keys: Key[] = [];
    let plain: number[] = [];
    const flush = () => {
      if (plain.length > 0) keys.push({ kind: 'type', data: Uint8Array.from(plain) });
      plain = [];
    };
    for (const byte of input) {
      if (!this.escaped && byte !== ESCAPE) plain.push(byte);
      else if (!this.escaped) this.escaped = true;
      else {
        this.escaped = false;
        const kind = commands[String.fromCharCode(byte)];
        if (byte === ESCAPE) plain.push(byte);
        else if (kind && kind !== 'type') {
          flush();
          keys.push({ kind });
        }
      }
    }
    flush();
    return keys;
  }
}
