/** The options of `vmft trace`, as commander parses them. */
import type { Mode } from '../../debug/trace/events.ts';
import type { InstructionKind } from '../../debug/trace/instruction.ts';

/** What `-d` can ask for: names of QEMU's log items. */
export const logItems = ['in_asm', 'int', 'exec'] as const;
/** See {@link logItems}. */
export type LogItem = (typeof logItems)[number];

/** The options of `vmft trace`. */
export interface TraceOptions {
  /** Files of symbols. */
  symbols?: string[];
  /** The first and the last position, in steps. */
  from: number;
  to: number;
  /** Ranges of addresses, as given. */
  pc?: string[];
  memory?: string[];
  mode?: Mode[];
  kind?: InstructionKind[];
  /** Maximum number of events. */
  limit: number;
  d?: LogItem[];
  json?: boolean;
  /** Files to write instead of printing. */
  profile?: string;
  pcap?: string;
}
