import { assert } from '../base/assert.ts';
import { bytes, type Codec, record, uint, union } from '../base/codec.ts';
import { type DiskRequest, MAX_OPERATION_BYTES } from '../devices/device.ts';

/**
 * An output of the guest. Outputs are numbered from 1 since boot, one number for each console byte, frame and disk
 * operation, hence equally on all replicas; consecutive console bytes form one output.
 */
export type Output =
  | { kind: 'console'; first: number; data: Uint8Array }
  | { kind: 'frame'; first: number; frame: Uint8Array }
  /** The start of a disk operation; `first` is how everyone names it. */
  | { kind: 'disk'; first: number; request: DiskRequest };
/** An output to the disk. */
export type DiskOutput = Output & { kind: 'disk' };
/** An output to the edge; a disk operation goes to the disk. */
export type EdgeOutput = Exclude<Output, DiskOutput>;

/** A device's warning; see {@link DeviceContext.warn}. */
export interface Warning {
  icount: number;
  device: string;
  message: string;
}

const MAX_OUTPUT_BYTES = 1 << 21;
/** Longer runs of console bytes are split into several outputs. */
const MAX_TEXT_BYTES = 1 << 16;
const requests = union({
  read: record({ sector: uint, sizeBytes: uint }),
  write: record({ sector: uint, data: bytes(MAX_OPERATION_BYTES) }),
  flush: record({}),
});
/** The encoding of a disk request. */
export const diskRequest: Codec<DiskRequest> = {
  write: (out, { operation, ...rest }) => requests.write(out, { kind: operation, ...rest } as never),
  read: (input) => {
    const { kind, ...rest } = requests.read(input);
    return { operation: kind, ...rest } as DiskRequest;
  },
};
/** The encoding of an output. */
export const outputCodec: Codec<Output> = union({
  console: record({ first: uint, data: bytes(MAX_OUTPUT_BYTES) }),
  frame: record({ first: uint, frame: bytes(MAX_OUTPUT_BYTES) }),
  disk: record({ first: uint, request: diskRequest }),
});

/** The number of output numbers that an output takes. */
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
    if (this.text.length === MAX_TEXT_BYTES) this.closeText();
    if (this.text.length === 0) this.textFirst = number;
    this.text.push(byte);
  }

  frame(number: number, frame: Uint8Array): void {
    this.closeText();
    this.outputs.push({ kind: 'frame', first: number, frame });
  }

  disk(number: number, request: DiskRequest): void {
    this.closeText();
    this.outputs.push({ kind: 'disk', first: number, request });
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
