/** A process's evidence: a file for each group in one directory, which several processes may share. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatingError } from '../../base/errors.ts';
import { LogWriter } from '../../replay/log-file.ts';
import type { MachineDescription } from '../../vmm/description.ts';
import type { Log } from '../limited-log.ts';
import { EVIDENCE_SUFFIX, type EvidenceRole, MACHINE_SUFFIX } from './format.ts';
import { EvidenceWriter } from './writer.ts';

/** A process that has written nothing else for so long says that it is there: that dates its end. */
const ALIVE_MS = 1000;

/** See the head of this file. */
export class EvidenceDirectory {
  private readonly files = new Map<string, EvidenceWriter>();
  private readonly alive: NodeJS.Timeout;
  /** The number of the last file of this process, and of its earlier lives. */
  private number: number;

  /**
   * Creates the directory unless it exists.
   * @throws {OperatingError} when it can't be used
   */
  constructor(
    private readonly directory: string,
    private readonly role: EvidenceRole,
    private readonly name: string,
    private readonly log: Log,
  ) {
    const middle = `.${role}-${name}.`;
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const numbers = readdirSync(directory)
        .filter((file) => file.endsWith(EVIDENCE_SUFFIX) && file.includes(middle))
        .map((file) => Number.parseInt(file.split(middle).at(-1)!, 10));
      this.number = Math.max(0, ...numbers);
    } catch (error) {
      throw new OperatingError(
        `the directory for evidence, ${directory}, can't be used: ${(error as Error).message}`,
      );
    }
    this.alive = setInterval(() => {
      for (const file of this.files.values()) file.alive();
    }, ALIVE_MS);
    this.alive.unref();
  }

  /** The file of a group, which begins with the first call. `begin` writes its first records. */
  group(group: string, begin?: (file: EvidenceWriter) => void): EvidenceWriter {
    const known = this.files.get(group);
    if (known) return known;
    const { role, name } = this;
    const number = ++this.number;
    const path = join(this.directory, `${group}.${role}-${name}.${number}${EVIDENCE_SUFFIX}`);
    const file = new EvidenceWriter(path, { role, name, group, number }, this.log);
    this.files.set(group, file);
    begin?.(file);
    return file;
  }

  /** Writes down what a group's machine is built from, unless another process has. */
  async machine(group: string, description: MachineDescription): Promise<void> {
    const path = join(this.directory, `${group}${MACHINE_SUFFIX}`);
    if (existsSync(path)) return;
    const temporary = `${path}.${this.name}`;
    try {
      await writeFile(temporary, new LogWriter(description).take(), { mode: 0o600 });
      await rename(temporary, path);
    } catch (error) {
      this.log(
        `${path} can't be written, so the evidence of ${group} can't be judged: ${(error as Error).message}`,
      );
      await rm(temporary, { force: true }).catch(() => {});
    }
  }

  /** Ends a group's file in order. */
  async end(group: string): Promise<void> {
    const file = this.files.get(group);
    this.files.delete(group);
    await file?.close();
  }

  /** Ends all files in order. */
  async close(): Promise<void> {
    clearInterval(this.alive);
    await Promise.all([...this.files.keys()].map((group) => this.end(group)));
  }
}
