/** The switch's edge with its journal on disk. */
import type { Files } from '../storage/files.ts';
import { Journal, type JournalOwner } from '../storage/journal.ts';
import { EdgeServer, type EdgeServerOptions } from './edge-server.ts';

/** An edge, and the journal that it writes to. */
export interface DurableEdge {
  edge: EdgeServer;
  journal: Journal;
}

/**
 * Opens the journal and brings the edge to the state that it describes.
 * @throws {OperatingError} when the file is no journal of a switch, or is damaged
 */
export async function openEdge(
  path: string,
  options: Omit<EdgeServerOptions, 'persist'>,
  files?: Files,
): Promise<DurableEdge> {
  // The journal is opened before anything is noted.
  let journal!: Journal;
  const persist = {
    append: (record: Uint8Array) => journal.append(record, () => {}),
    rewrite: (records: readonly Uint8Array[]) => journal.replace(records),
  };
  const edge = new EdgeServer({ persist, ...options });
  // The edge's state runs ahead of the journal, and only it knows which records a state covers: it compacts by itself.
  const owner: JournalOwner = {
    replay: (record) => edge.replay(record),
    snapshot: () => edge.snapshot(),
    liveBytes: Number.POSITIVE_INFINITY,
  };
  journal = await Journal.open(path, owner, files);
  return { edge, journal };
}
