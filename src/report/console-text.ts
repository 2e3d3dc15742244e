/** Console output as text for JSON documents, which are in memory as a whole. */
import { joined } from '../base/bytes.ts';

/** Maximum console output in a JSON document, in bytes. */
export const JSON_CONSOLE_BYTES = 16 << 20;

/** The beginning of console output. */
export class ConsoleText {
  private readonly parts: Uint8Array[] = [];

  /** `room`: how many more bytes are kept; negative once some were not. */
  constructor(private room = JSON_CONSOLE_BYTES) {}

  /** Appends output; what is beyond the maximum is dropped. */
  add(data: Uint8Array): void {
    if (this.room > 0) this.parts.push(data.subarray(0, this.room));
    this.room -= data.length;
  }

  /** Whether output was dropped. */
  get isCut(): boolean {
    return this.room < 0;
  }

  /** Decoded as UTF-8. */
  get text(): string {
    return new TextDecoder().decode(joined(this.parts));
  }
}
