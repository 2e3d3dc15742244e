/**
 * Evidence of a simulated run, as real processes would have written it: by the same code, with virtual times. So what is
 * found in evidence can be compared with what happened.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writer } from '../../src/base/codec.ts';
import type { EvidenceFile } from '../../src/cli/judging/files.ts';
import type { Life } from '../../src/cli/real-report/records.ts';
import type { ReplicaEvent } from '../../src/ft/effects.ts';
import {
  EVIDENCE_MAGIC,
  EVIDENCE_SUFFIX,
  EVIDENCE_VERSION,
  type EvidenceRecord,
  type EvidenceRole,
  MACHINE_SUFFIX,
  timedRecord,
} from '../../src/host/evidence/format.ts';
import { ReplicaEvidence } from '../../src/host/evidence/replica-evidence.ts';
import type { EvidenceWriter } from '../../src/host/evidence/writer.ts';
import { writeFrame } from '../../src/replay/chained-frames.ts';
import { LogWriter } from '../../src/replay/log-file.ts';
import { type RunTrace, type SimEvent, Simulation } from '../../src/sim/cluster/cluster.ts';
import { isEndOfHost, STORAGE, SWITCH } from '../../src/sim/faults/faults.ts';
import type { RunSpec } from '../../src/sim/spec/spec.ts';
import type { Trace } from '../../src/sim/trace/events.ts';
import { Tracer } from '../../src/sim/trace/tracer.ts';
import type { Departure } from '../../src/sim/world/link-trace.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { type GuestName, guest } from '../sim/support.ts';

/** When the runs begin, in µs since 1970. */
const BEGIN_US = 1_700_000_000_000_000;
export const RUN_GROUP = 'g1';

interface Timed {
  record: EvidenceRecord;
  timeUs: number;
}

/** A file that is not written. */
class RecordedFile {
  readonly path: string;
  private readonly records: Timed[] = [];

  constructor(
    readonly head: EvidenceRecord & { kind: 'head' },
    readonly beginUs: number,
  ) {
    this.path = `${head.group}.${head.role}-${head.name}.${head.number}${EVIDENCE_SUFFIX}`;
  }

  append(record: EvidenceRecord, timeUs: number): void {
    this.records.push({ record: structuredClone(record), timeUs });
  }

  entry(entry: Entry, timeUs: number): void {
    const last = this.records.at(-1);
    if (last?.record.kind === 'entries' && last.timeUs === timeUs)
      last.record.entries.push(structuredClone(entry));
    else this.append({ kind: 'entries', tookUs: 0, entries: [entry] }, timeUs);
  }

  get end(): 'closed' | 'cut' {
    return this.records.at(-1)?.record.kind === 'closed' ? 'closed' : 'cut';
  }

  get endUs(): number {
    return this.records.at(-1)?.timeUs ?? this.beginUs;
  }

  /** The same by a clock that is ahead. */
  ahead(us: number): RecordedFile {
    const file = new RecordedFile(this.head, this.beginUs + us);
    for (const { record, timeUs } of this.records) file.append(record, timeUs + us);
    return file;
  }

  *timed() {
    for (const one of this.records) if (one.record.kind !== 'closed') yield { ...one, sizeBytes: 10 };
  }

  get bytes(): Uint8Array {
    const out = new Writer();
    out.raw(EVIDENCE_MAGIC);
    out.u16(EVIDENCE_VERSION);
    let [checksum, beforeUs] = [0, 0];
    for (const { record, timeUs } of [{ record: this.head, timeUs: this.beginUs }, ...this.records]) {
      checksum = writeFrame(out, checksum, (frame) =>
        timedRecord.write(frame, { afterUs: timeUs - beforeUs, record }),
      );
      beforeUs = timeUs;
    }
    return out.bytes();
  }
}

/** What a replica's effects go to. */
const nothing = { stream() {}, datagram() {}, restored() {}, release() {}, perform() {} };
const NOWHERE = { transport: nothing, edge: nothing, disk: nothing } as never;

/** A run of which everything was recorded twice: by the simulator's trace, and as evidence. */
export class RecordedRun {
  readonly simulation: Simulation;
  readonly trace: Trace;
  private readonly files: RecordedFile[] = [];
  private readonly hosts = new Map<string, { file: RecordedFile; evidence: ReplicaEvidence }>();
  private readonly name: GuestName;
  private numbers = 0;
  private typedBytes = 0;
  private frames = 0;
  private printed: Uint8Array = new Uint8Array(0);
  private storage!: RecordedFile;
  private edge!: RecordedFile;

  constructor(name: GuestName, spec: RunSpec) {
    this.name = name;
    const tracer = new Tracer(() => this.simulation.nowNs);
    this.simulation = new Simulation({
      ...guest(name),
      spec,
      print: () => {},
      onEvent: (event) => this.happened(event),
      onStep: ({ host, input, effects }) => this.hosts.get(host)?.evidence.handled(input, effects),
      trace: this.traced(tracer),
    });
    this.storage = this.file('storage', STORAGE);
    this.edge = this.file('switch', SWITCH);
    const { observer, storage } = this.simulation;
    const witnessed = observer.witnessed.bind(observer);
    observer.witnessed = (host, entry, isLive) => {
      this.hosts.get(host)?.evidence.witness(entry);
      witnessed(host, entry, isLive);
    };
    const first = storage.generations.read(1)!;
    this.storage.append({ kind: 'generation', generation: 1, record: copyOf(first) }, this.nowUs);
    this.storage.append({ kind: 'disk', sizeBytes: this.simulation.diskContent.length }, this.nowUs);
    this.simulation.run();
    for (const [host, { file, evidence }] of this.hosts) {
      const { alive, stopReason } = this.simulation.hosts.get(host)!;
      if (stopReason) evidence.stopped(stopReason);
      else if (alive) evidence.end();
      file.append({ kind: 'closed' }, this.nowUs);
    }
    for (const file of [this.storage, this.edge]) file.append({ kind: 'closed' }, this.nowUs);
    this.trace = tracer.trace([...this.simulation.hosts.keys()]);
  }

  private file(role: EvidenceRole, name: string): RecordedFile {
    const number = ++this.numbers;
    const head = { kind: 'head' as const, role, name, group: RUN_GROUP, number };
    const file = new RecordedFile(head, this.nowUs);
    this.files.push(file);
    return file;
  }

  private get nowUs(): number {
    return BEGIN_US + Math.floor(this.simulation.nowNs / 1000);
  }

  /** As the code of real processes writes to a file. */
  private writerOf(file: RecordedFile): EvidenceWriter {
    return {
      append: (record: EvidenceRecord) => file.append(record, this.nowUs),
      entry: (entry: Entry) => file.entry(entry, this.nowUs),
    } as EvidenceWriter;
  }

  private happened({ host, event }: SimEvent): void {
    switch (event.kind) {
      case 'booted': {
        const file = this.file('host', host);
        const evidence = new ReplicaEvidence(this.writerOf(file));
        evidence.begin(this.simulation.hosts.get(host)!.replica, event.role);
        evidence.ports(NOWHERE);
        this.hosts.set(host, { file, evidence });
        return;
      }
      case 'fault':
        if (event.phase === 'begins' && isEndOfHost(event.fault)) this.hosts.delete(host);
        return;
      case 'stuck':
        return;
      case 'delivered':
        if (event.what === 'console')
          this.edge.append({ kind: 'console', first: event.first, data: this.printed }, this.nowUs);
        else this.edge.append({ kind: 'frame', number: event.first, frame: Uint8Array.of(0) }, this.nowUs);
        return;
      default:
        this.hosts.get(host)?.evidence.noted(event as ReplicaEvent);
    }
  }

  /** What leaves a host, and what storage answers, is recorded when it departs. */
  private departs({ from, to, way, cargo }: Departure): void {
    if (from === STORAGE && cargo.kind === 'record' && cargo.record)
      this.storage.append(
        { kind: 'generation', generation: cargo.generation, record: copyOf(cargo.record) },
        this.nowUs,
      );
    if (from === SWITCH) this.enters(cargo);
    const host = this.hosts.get(from);
    if (!host) return;
    const { generation } = this.simulation.hosts.get(from)!.replica;
    const { transport, edge, disk } = host.evidence.ports(NOWHERE) as unknown as Record<
      string,
      Record<string, (...given: unknown[]) => void>
    >;
    if (cargo.kind === 'bytes' && way === 'stream') transport!.stream!(to, cargo.bytes);
    if (cargo.kind === 'release') edge!.release!({ outputs: cargo.outputs, generation });
    if (cargo.kind === 'disk') disk!.perform!({ id: cargo.id, request: cargo.request, generation });
  }

  /** Input is recorded when it is new: not when it goes to another host again. */
  private enters(cargo: Departure['cargo']): void {
    if (cargo.kind === 'typed' && cargo.offset === this.typedBytes) {
      this.typedBytes += cargo.data.length;
      this.edge.append({ kind: 'typed', offset: cargo.offset, data: cargo.data }, this.nowUs);
    }
    if (cargo.kind === 'frame' && cargo.number === this.frames + 1) {
      this.frames++;
      this.edge.append({ kind: 'inbound', number: cargo.number, frame: cargo.frame }, this.nowUs);
    }
  }

  private traced(tracer: Tracer): RunTrace {
    return {
      get arriving() {
        return tracer.arriving;
      },
      queued: (input) => tracer.queued(input),
      handled: (step, role, icount) => tracer.handled(step, role, icount),
      happened: (event) => tracer.happened(event),
      refused: (why) => tracer.refused(why),
      printed: (data) => {
        this.printed = data.slice();
        tracer.printed(data);
      },
      departs: (message) => {
        this.departs(message);
        return tracer.departs(message);
      },
    };
  }

  /** The evidence as it would be read. `shiftsUs`: how far the clocks of processes are ahead. */
  lives(shiftsUs: Readonly<Record<string, number>> = {}): Life[] {
    const order = { host: 0, storage: 1, switch: 2 };
    const files = this.files
      .map((file) => file.ahead(shiftsUs[file.head.name] ?? 0))
      .sort((a, b) => order[a.head.role] - order[b.head.role] || a.head.number - b.head.number);
    return files.map((file, index) => ({
      node: file.head.name,
      file: file as unknown as EvidenceFile,
      hasNext: files.slice(index + 1).some(({ head }) => head.name === file.head.name),
    }));
  }

  /** Writes the evidence to a directory. */
  write(directory: string): void {
    mkdirSync(directory, { recursive: true });
    for (const file of this.files) writeFileSync(join(directory, file.path), file.bytes);
    const machine = new LogWriter(guest(this.name).description).take();
    writeFileSync(join(directory, `${RUN_GROUP}${MACHINE_SUFFIX}`), machine);
  }
}

const copyOf = ({ primary, backups }: { primary: string; backups: readonly string[] }) => ({
  primary,
  backups: [...backups],
});
