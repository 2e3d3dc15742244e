/**
 * vmft as a library: `import { loadGuest, run } from 'vmft'`. Everything is a function of its arguments; nothing is printed, and what is
 * wrong is thrown, as an {@link OperatingError} with a message for people. docs/library.md shows what it is good for.
 */
export { AssemblyError, type Diagnostic } from '../asm/diagnostics.ts';
export { FormatError, OperatingError } from '../base/errors.ts';
export type { DiskVariant, Replication, Tuning, UnsafeRule } from '../ft/rules.ts';
export { diff } from './diff.ts';
export { loadGuest, programNames } from './guest.ts';
export { replay } from './replay.ts';
export { judge, record, run } from './run.ts';
export type {
  Comparable,
  Difference,
  Engine,
  EventContent,
  Failover,
  FaultResult,
  Guest,
  GuestOptions,
  GuestSource,
  Kernel,
  LogEntry,
  LogStatistics,
  Machine,
  Members,
  Outcome,
  Replay,
  ReplayOptions,
  Run,
  RunEvent,
  RunOptions,
  RunSpec,
  Violation,
} from './types.ts';
