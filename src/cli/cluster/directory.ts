/** The directory of a cluster on one machine: key, configuration, the state of its processes and what they print. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperatingError } from '../../base/errors.ts';
import { writeDurably } from '../../host/durable-write.ts';
import { type ClusterKey, createKey, readKey } from '../../host/wire/key.ts';
import { asOperatingError } from '../../lib/files.ts';
import { type ClusterConfiguration, configurationText, parseConfiguration } from './configuration.ts';

const KEY = 'cluster.key';
const CONFIGURATION = 'cluster.json';
/** The process id of the `vmft up` that has made the directory. */
const OWNER = 'up.pid';
const LOGS = 'log';
const STATE = 'state';

/** See the head of this file. */
export class ClusterDirectory {
  constructor(readonly path: string) {}

  /** Whether it holds a cluster. */
  get exists(): boolean {
    return existsSync(this.at(CONFIGURATION));
  }

  private at(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** Makes a key and writes the configuration. @throws {OperatingError} when there is a cluster, or it can't be written */
  async create(configuration: ClusterConfiguration): Promise<void> {
    if (this.exists) throw new OperatingError(`${this.path} has a cluster already; name another --dir`);
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
      createKey(this.at(KEY));
      await writeDurably(this.at(CONFIGURATION), Buffer.from(configurationText(configuration)));
    } catch (error) {
      throw asOperatingError(this.path, error, 'name another --dir');
    }
  }

  /** @throws {OperatingError} when there is none, or it is none */
  get configuration(): ClusterConfiguration {
    const path = this.at(CONFIGURATION);
    if (!this.exists)
      throw new OperatingError(
        `there is no cluster in ${this.path}: start one with \`vmft up\`, make one with \`vmft init\`, or name its --dir`,
      );
    return parseConfiguration(path, readFileSync(path, 'utf8'));
  }

  /** @throws {OperatingError} */
  get key(): ClusterKey {
    return readKey(this.at(KEY));
  }

  /** Where a process keeps its state: `storage`, `switch` or `host-a`. */
  stateOf(process: string): string {
    const path = this.at(STATE, process);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** The file for what a process prints. */
  logOf(process: string): string {
    mkdirSync(this.at(LOGS), { recursive: true, mode: 0o700 });
    return this.at(LOGS, `${process}.log`);
  }

  /** Where passt has its sockets: it runs as user `nobody`, who can't enter every directory. */
  get passt(): string {
    const name = createHash('sha256').update(realpathSync(this.path)).digest('hex').slice(0, 12);
    return join(tmpdir(), `vmft-${name}`);
  }

  /** The file with the process id of the `vmft up` whose cluster this is. */
  get owner(): string {
    return this.at(OWNER);
  }

  /** Removes what {@link create} and the processes have made; files of others stay, and then the directory. */
  remove(): void {
    if (existsSync(this.path)) rmSync(this.passt, { recursive: true, force: true });
    for (const name of [OWNER, STATE, LOGS, KEY, CONFIGURATION])
      rmSync(this.at(name), { recursive: true, force: true });
    if (existsSync(this.path) && readdirSync(this.path).length === 0) rmdirSync(this.path);
  }
}
