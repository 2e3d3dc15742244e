/**
 * `vmft bisect-answer`: what another build of vmft is asked by `vmft bisect --build`. Each question is a line of JSON
 * on stdin, each answer one on stdout, after a line with the version; the bytes of a state follow their line.
 */
import { createInterface } from 'node:readline';
import type { Engine } from '../../cpu/engine.ts';
import { type Moment, type Sample, type Start, TimelineSide } from '../../debug/bisect/side.ts';
import { decodeSnapshot, encodeSnapshot, type Snapshot } from '../../vmm/snapshot.ts';
import { prepareEngine } from '../engine.ts';
import { openRecording } from '../open-recording.ts';

/** The version of questions and answers. */
export const PROTOCOL = 1;

/** A question: see the calls of a {@link TimelineSide}. To `keep` there is no answer. */
export type Question =
  | { ask: 'at' | 'snapshot'; moment: Moment }
  | { ask: 'again'; moment: Moment; from: Moment }
  /** `state`: a saved machine, in base64. */
  | { ask: 'onward' | 'snapshot onward'; moment: Moment; state: string; consumed: number }
  | { ask: 'keep' };

/** A {@link Sample}, its hash in hexadecimal, or the number of the bytes that follow. */
export type Answer = Partial<Omit<Sample, 'hash'>> & { hash?: string; bytes?: number };

const answerOf = ({ hash, ...sample }: Sample): Answer => ({ ...sample, hash: hash.toString(16) });

/** Answers until stdin ends. @throws {OperatingError} when the file is no recording */
export async function answer(path: string, { engine }: { engine: Engine }): Promise<void> {
  prepareEngine(engine);
  const recording = openRecording(path);
  const side = new TimelineSide(
    'the other build',
    { description: recording.description, entries: recording },
    { execution: { engine }, nowMs: () => performance.now() },
  );
  say({ protocol: PROTOCOL });
  for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line) as Question;
    switch (question.ask) {
      case 'at':
        say(answerOf(await side.at(question.moment)));
        break;
      case 'again':
        say(answerOf(await side.again(question.from, question.moment)));
        break;
      case 'onward':
        say(answerOf(await side.onward(startOf(question), question.moment)));
        break;
      case 'keep':
        side.keep();
        break;
      case 'snapshot':
        sayState(await side.snapshot(question.moment));
        break;
      case 'snapshot onward':
        sayState(await side.snapshotOnward(startOf(question), question.moment));
        break;
    }
  }
}

const startOf = ({ state, consumed }: { state: string; consumed: number }): Start => ({
  state: decodeSnapshot(new Uint8Array(Buffer.from(state, 'base64')), 'the state that was sent'),
  consumed,
});

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function sayState(state: Snapshot | undefined): void {
  const content = state && encodeSnapshot(state);
  say(content ? { bytes: content.length } : {});
  if (content) process.stdout.write(content);
}
