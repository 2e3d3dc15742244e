/**
 * vmft as a library: `import { loadGuest, run } from 'vmft'`. Results depend only on arguments and the files that they
 * name, nothing is printed, and wrong arguments are thrown as an {@link OperatingError}. docs/library.md has examples.
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
