/** What storage shows to the checkers: generations, and what reached the disks. */
import type { EvidenceDirectory } from '../evidence/directory.ts';
import type { EvidenceRecord } from '../evidence/format.ts';
import type { EvidenceWriter } from '../evidence/writer.ts';
import type { GenerationServer } from './generation-server.ts';

/** The evidence of all groups of a storage service. */
export class StorageEvidence {
  constructor(
    private readonly directory: EvidenceDirectory,
    private readonly generations: Pick<GenerationServer, 'generations'>,
  ) {}

  /** Adds a record. Resolves when it is in the file: what is answered afterwards is in the evidence. */
  add(group: string, record: EvidenceRecord): Promise<void> {
    const file = this.begin(group);
    file.append(record);
    return file.flushed();
  }

  /** A group's file, which begins with all its generations: one may have been written just before a crash. */
  begin(group: string): EvidenceWriter {
    return this.directory.group(group, (file) => {
      const known = this.generations.generations(group);
      for (let generation = 1; generation <= known.newest; generation++) {
        const { primary, backups } = known.read(generation)!;
        file.append({ kind: 'generation', generation, record: { primary, backups: [...backups] } });
      }
    });
  }

  /** Ends a group's file. */
  end(group: string): void {
    void this.directory.end(group);
  }
}
