/** Line discipline for a terminal in raw mode: echo, erase, and whole lines, as in canonical mode (termios). */

/** Maximum line length; further bytes are dropped, as in canonical mode. */
const MAX_LINE_BYTES = 4095;

const INTERRUPT = 0x03;
const END = 0x04;
const BACKSPACES: readonly number[] = [0x08, 0x7f];
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const KILL = 0x15;
const ESCAPE = 0x1b;

/** The result of typed bytes. */
export interface Taken {
  /** Whole lines with newlines, for the guest. */
  sent: Uint8Array;
  /** The echo. */
  shown: Uint8Array;
  /** After Ctrl-C, or Ctrl-D on an empty line. */
  quit: boolean;
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** The line being typed. */
export class Line {
  private text: number[] = [];

  take(typed: Uint8Array): Taken {
    const [sent, shown]: [number[], number[]] = [[], []];
    for (const byte of typed) {
      if (byte === INTERRUPT || (byte === END && this.text.length === 0))
        return { sent: Uint8Array.from(sent), shown: Uint8Array.from(shown), quit: true };
      if (byte === RETURN || byte === NEWLINE) {
        sent.push(...this.text, NEWLINE);
        shown.push(RETURN, NEWLINE);
        this.text = [];
      } else if (BACKSPACES.includes(byte)) this.rubOut(shown);
      else if (byte === KILL) while (this.text.length > 0) this.rubOut(shown);
      else if (byte >= 0x20 && byte !== ESCAPE && this.text.length < MAX_LINE_BYTES) {
        this.text.push(byte);
        shown.push(byte);
      }
    }
    return { sent: Uint8Array.from(sent), shown: Uint8Array.from(shown), quit: false };
  }

  private rubOut(shown: number[]): void {
    if (this.text.length === 0) return;
    while (isContinuation(this.text.at(-1))) this.text.pop();
    this.text.pop();
    shown.push(0x08, 0x20, 0x08);
  }
}
