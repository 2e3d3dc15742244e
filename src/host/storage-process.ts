/** The storage service as a process: on an address, for everybody who has the key. */
import { EvidenceDirectory } from './evidence/directory.ts';
import type { Log } from './limited-log.ts';
import { rightsOf } from './storage/rights.ts';
import { MAX_REQUEST_BYTES } from './storage/storage-messages.ts';
import { StorageServer } from './storage/storage-server.ts';
import type { ClusterKey } from './wire/key.ts';
import type { Identity } from './wire/link.ts';
import { type Listener, listen } from './wire/listener.ts';

/** What a process of one service is made with. */
export interface ServiceOptions {
  self: Identity;
  key: ClusterKey;
  /** Where it listens; port 0: any free one. */
  address: string;
  port: number;
  /** Its files. */
  directory: string;
  /** A directory for evidence of what it does, which `vmft judge` reads. */
  evidence?: string | undefined;
  log: Log;
}

/** See the head of this file. */
export class StorageProcess {
  private constructor(
    private readonly server: StorageServer,
    private readonly listener: Listener,
    private readonly evidence: EvidenceDirectory | undefined,
  ) {}

  /** @throws {OperatingError} when the directory or the address can't be used */
  static async open(options: ServiceOptions): Promise<StorageProcess> {
    const { directory, log, evidence: kept, ...listening } = options;
    const { name } = options.self;
    const evidence = kept === undefined ? undefined : new EvidenceDirectory(kept, 'storage', name, log);
    const server = await StorageServer.open(directory, { log, evidence });
    try {
      const listener = await listen({
        ...{ ...listening, log, maxMessageBytes: () => MAX_REQUEST_BYTES },
        accept: (link) => {
          const { role, name } = link.peer;
          if (role === 'host' || role === 'control') server.serve(link, rightsOf(link.peer));
          else link.close(`${role} ${name} has no business with storage`);
        },
      });
      return new StorageProcess(server, listener, evidence);
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  get port(): number {
    return this.listener.port;
  }

  async close(): Promise<void> {
    await this.listener.close();
    await this.server.close();
    await this.evidence?.close();
  }
}
