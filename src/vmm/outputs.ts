import { assert } from '../base/assert.ts';

/**
 * What a guest made for the world. Outputs are numbered from 1 since boot, each console byte and each frame one number,
 * hence with the same numbers on both machines; consecutive console bytes travel together.
 */
export type Output =
  | { kind: 'console'; first: number; data: Uint8Array }
  | { kind: 'frame'; first: number; frame: Uint8Array };

/** How many numbers an output takes. */
export const countOf = (output: Output): number => (output.kind === 'console' ? output.data.length : 1);

/** The last number of an output. */
export const lastOf = (output: Output): number => output.first + countOf(output) - 1;

/** The part of an output whose numbers come after `seen`; undefined when there is none. */
export function after(seen: number, output: Output): Output | undefined {
  if (lastOf(output) <= seen) return undefined;
  if (output.first > seen) return output;
  assert(output.kind === 'console', 'only console outputs take several numbers');
  return { kind: 'console', first: seen + 1, data: output.data.subarray(seen + 1 - output.first) };
}

/** Collects outputs, joining consecutive console bytes. */
export class OutputCollector {
  private outputs: Output[] = [];
  private text: number[] = [];
  private textFirst = 0;

  console(number: number, byte: number): void {
    if (this.text.length === 0) this.textFirst = number;
    this.text.push(byte);
  }

  frame(number: number, frame: Uint8Array): void {
    this.closeText();
    this.outputs.push({ kind: 'frame', first: number, frame });
  }

  private closeText(): void {
    if (this.text.length === 0) return;
    this.outputs.push({ kind: 'console', first: this.textFirst, data: Uint8Array.from(this.text) });
    this.text = [];
  }

  /** Hands over what was collected since the last call. */
  take(): Output[] {
    this.closeText();
    const { outputs } = this;
    this.outputs = [];
    return outputs;
  }
}
