/** `vmft bisect --build`: another build of vmft, in a process of its own, as one of the executions. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { OperatingError } from '../../base/errors.ts';
import type { Engine } from '../../cpu/engine.ts';
import type { Moment, Sample, Side, Start } from '../../debug/bisect/side.ts';
import { decodeSnapshot, encodeSnapshot, type Snapshot } from '../../vmm/snapshot.ts';
import { type Answer, PROTOCOL, type Question } from './answers.ts';

/** The most characters of the other build's messages that are repeated. */
const MAX_MESSAGE = 500;

/** Where a checkout or an installed package has the command. @throws {OperatingError} when it is not there */
function commandIn(directory: string): string {
  const found = ['bin/vmft.js', 'node_modules/vmft/bin/vmft.js']
    .map((path) => join(directory, path))
    .find((path) => existsSync(path));
  if (found) return found;
  throw new OperatingError(
    `--build ${directory}: it has no bin/vmft.js; give the directory of a checkout, or of an installed package`,
  );
}

/** Reads lines, and after some of them a number of bytes. */
class Answers {
  private parts: Buffer[] = [];
  private ended = false;
  private wake = () => {};

  constructor(stream: Readable) {
    stream.on('data', (part: Buffer) => {
      this.parts.push(part);
      this.wake();
    });
    stream.on('close', () => {
      this.ended = true;
      this.wake();
    });
  }

  /** Waits for more; returns false when there is nothing more. */
  private async more(): Promise<boolean> {
    const { length } = this.parts;
    while (!this.ended && this.parts.length === length)
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    return this.parts.length > length;
  }

  /** The next line; undefined at the end. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const whole = Buffer.concat(this.parts);
      const end = whole.indexOf(10);
      this.parts = end < 0 ? [whole] : [whole.subarray(end + 1)];
      if (end >= 0) return whole.subarray(0, end).toString();
      if (!(await this.more())) return undefined;
    }
  }

  /** The next bytes; undefined when there are not so many. */
  async bytes(count: number): Promise<Uint8Array | undefined> {
    const held = () => this.parts.reduce((sum, { length }) => sum + length, 0);
    while (held() < count) if (!(await this.more())) return undefined;
    const whole = Buffer.concat(this.parts);
    this.parts = [whole.subarray(count)];
    return whole.subarray(0, count);
  }
}

/** See the head of this file. {@link close} ends its process. */
export class OtherBuild implements Side {
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  private readonly answers: Answers;
  private messages = '';

  /** @throws {OperatingError} when there is no vmft in the directory */
  constructor(
    readonly name: string,
    private readonly directory: string,
    log: string,
    engine: Engine,
  ) {
    const command = commandIn(directory);
    this.child = spawn(process.execPath, [command, 'bisect-answer', log, '--engine', engine], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.messages = (this.messages + text).slice(0, MAX_MESSAGE);
    });
    // What it says when it ends early is read below.
    this.child.stdin.on('error', () => {});
    this.child.on('error', () => {});
    this.answers = new Answers(this.child.stdout);
  }

  /** Waits until it can answer. @throws {OperatingError} when it can't, or speaks another version */
  async start(): Promise<void> {
    const greeting = await this.answers.line();
    if (greeting === undefined) throw this.failure();
    const { protocol } = parsed(greeting) as { protocol?: unknown };
    if (protocol !== PROTOCOL)
      throw new OperatingError(
        `--build ${this.directory}: it answers in version ${protocol ?? '?'}, and this vmft asks in version ${PROTOCOL}; run the bisect of the older one of both`,
      );
  }

  private failure(): OperatingError {
    const { directory, messages } = this;
    const [first = ''] = messages.split('\n');
    if (messages.includes('unknown command'))
      return new OperatingError(
        `--build ${directory}: this vmft is older than \`vmft bisect\`, and can't answer it; give a newer one`,
      );
    return new OperatingError(
      `--build ${directory}: the other vmft ended${first === '' ? ' without a message' : `: ${first}`}`,
    );
  }

  private async ask(question: Question): Promise<{ answer: Answer; content: Uint8Array | undefined }> {
    this.child.stdin.write(`${JSON.stringify(question)}\n`);
    const text = await this.answers.line();
    if (text === undefined) throw this.failure();
    const answer = parsed(text) as Answer;
    if (answer.bytes === undefined) return { answer, content: undefined };
    const content = await this.answers.bytes(answer.bytes);
    if (!content) throw this.failure();
    return { answer, content };
  }

  async at(moment: Moment): Promise<Sample> {
    return sampleOf((await this.ask({ ask: 'at', moment })).answer);
  }

  async snapshot(moment: Moment): Promise<Snapshot | undefined> {
    const { content } = await this.ask({ ask: 'snapshot', moment });
    return content && decodeSnapshot(content, `the state of ${this.name}`);
  }

  async again(from: Moment, to: Moment): Promise<Sample> {
    return sampleOf((await this.ask({ ask: 'again', moment: to, from })).answer);
  }

  async onward(start: Start, to: Moment): Promise<Sample> {
    return sampleOf((await this.ask({ ask: 'onward', moment: to, ...sent(start) })).answer);
  }

  async snapshotOnward(start: Start, to: Moment): Promise<Snapshot | undefined> {
    const { content } = await this.ask({ ask: 'snapshot onward', moment: to, ...sent(start) });
    return content && decodeSnapshot(content, `the state of ${this.name}`);
  }

  keep(): void {
    // It keeps what it was last asked for, without an answer.
    this.child.stdin.write(`${JSON.stringify({ ask: 'keep' } satisfies Question)}\n`);
  }

  /** Ends the process. */
  close(): void {
    this.child.stdin.end();
    this.child.kill();
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) ?? {};
  } catch {
    return {};
  }
}

const sent = ({ state, consumed }: Start): { state: string; consumed: number } => ({
  state: Buffer.from(encodeSnapshot(state)).toString('base64'),
  consumed,
});

const sampleOf = ({ icount = 0, consumed = 0, hash = '0', problem }: Answer): Sample => ({
  ...{ icount, consumed, hash: BigInt(`0x${hash}`) },
  ...(problem !== undefined && { problem }),
});
