/** Figures of a process for Prometheus, at `/metrics` over HTTP. */
import { createServer, type Server } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { OperatingError } from '../base/errors.ts';
import type { ReplicaEvent } from '../ft/effects.ts';
import { addressText, type ServiceAddress } from './address.ts';
import type { GroupStatus } from './host-messages.ts';
import type { EdgeStatus } from './switch/group-edge.ts';

const ROLES = ['primary', 'backup', 'spare', 'stopped'];
/** From 50 µs, in steps of about two, up to a second. */
const SECONDS = [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
/** Outputs whose begin of waiting is remembered; of others the wait is not measured. */
const MAX_HELD = 4096;

/** Who connects and asks nothing does not keep others out for long. */
const PATIENCE = { headersTimeout: 5000, requestTimeout: 5000, connectionsCheckingInterval: 1000 };

/** How often Node.js measures the delay of its event loop: each time wakes the process. */
const LAG_PRECISION_MS = 100;

const GROUP = ['group'] as const;

/** The figures that all processes have: those of Node.js, and of the operating system about the process. */
export function processRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_PRECISION_MS });
  return registry;
}

/** The figures of a host. */
export class HostMetrics {
  readonly registry = processRegistry();
  /** By group and first output number: since when it is held, in ms. */
  private readonly held = new Map<string, number>();
  private readonly counts;
  private readonly heldSeconds: Histogram;
  private readonly sliceSeconds: Histogram;
  private readonly pauseSeconds: Histogram;
  /** By group: since when the guest is paused for the end of a copy, or for a switch-over. */
  private readonly paused = new Map<string, number>();

  /** `statuses`: what the replicas do at the time of a scrape. */
  constructor(statuses: () => readonly GroupStatus[]) {
    const { registry } = this;
    const counter = (name: string, help: string) =>
      new Counter({ name: `vmft_${name}`, help, labelNames: GROUP, registers: [registry] });
    const histogram = (name: string, help: string) =>
      new Histogram({
        ...{ name: `vmft_${name}`, help, labelNames: GROUP, buckets: SECONDS, registers: [registry] },
      });
    this.counts = {
      log: counter('log_bytes_total', 'Bytes of log entries sent to backups'),
      sent: counter('channel_bytes_total', 'Bytes of messages sent to backups with log entries'),
      suspected: counter('suspicions_total', 'Times that another host was suspected'),
      live: counter('takeovers_total', 'Times that the machine here went live'),
      full: counter('full_total', 'Times that a full log or output buffer stopped the guest'),
      released: counter('outputs_released_total', 'Releases of outputs'),
      copied: counter('copies_total', 'Copies of the machine to a new backup'),
    };
    this.heldSeconds = histogram('output_held_seconds', 'How long outputs waited for the backup');
    this.sliceSeconds = histogram('slice_seconds', 'Lengths of the slices in which the guest runs');
    this.pauseSeconds = histogram('pause_seconds', 'Pauses of the guest at the end of a copy');
    gauges(registry, statuses);
  }

  /** An event of a replica. */
  event(group: string, event: ReplicaEvent): void {
    const { counts } = this;
    const labels = { group };
    switch (event.kind) {
      case 'sent':
        counts.log.inc(labels, event.logBytes);
        counts.sent.inc(labels, event.sizeBytes);
        return;
      case 'held':
        if (this.held.size < MAX_HELD) this.held.set(`${group} ${event.first}`, performance.now());
        return;
      case 'released':
        counts.released.inc(labels);
        return this.measure(this.held, `${group} ${event.first}`, this.heldSeconds, labels);
      case 'copied':
        counts.copied.inc(labels);
        this.paused.set(group, performance.now());
        return;
      case 'members':
      case 'join-ended':
        return this.measure(this.paused, group, this.pauseSeconds, labels);
      case 'suspected':
      case 'live':
      case 'full':
        counts[event.kind].inc(labels);
        return;
      default:
        return;
    }
  }

  /** The guest has run for `ns`. */
  ran(group: string, ns: number): void {
    this.sliceSeconds.observe({ group }, ns / 1e9);
  }

  private measure(
    since: Map<string, number>,
    key: string,
    histogram: Histogram,
    labels: { group: string },
  ): void {
    const sinceMs = since.get(key);
    if (sinceMs === undefined) return;
    since.delete(key);
    histogram.observe(labels, (performance.now() - sinceMs) / 1000);
  }
}

/** Adds figures with a value for each group, which are read at each scrape. */
const groupGauges =
  <S extends { group: string }>(registry: Registry, prefix: string, statuses: () => readonly S[]) =>
  (name: string, help: string, value: (status: S) => number): void => {
    const made: Gauge = new Gauge({
      ...{ name: `${prefix}_${name}`, help, labelNames: GROUP, registers: [registry] },
      collect: () => {
        made.reset();
        for (const status of statuses()) made.set({ group: status.group }, value(status));
      },
    });
  };

/** The figures of a host's replicas. */
function gauges(registry: Registry, statuses: () => readonly GroupStatus[]): void {
  const gauge = groupGauges(registry, 'vmft', statuses);
  gauge('guest_steps', 'The position of the guest: steps since boot', ({ icount }) => icount ?? 0);
  gauge('generation', 'The generation of the VM as known here', ({ generation }) => generation);
  gauge('log_entries', 'The last entry of the log here', ({ logEnd }) => logEnd);
  gauge(
    'backlog_entries',
    'Entries of the log that the machine here has not consumed',
    ({ backlog }) => backlog,
  );
  gauge('backups', 'Backups in the record of the generation', ({ record }) => record.backups.length);
  const role: Gauge = new Gauge({
    ...{ name: 'vmft_role', help: '1 for the role of the replica here', registers: [registry] },
    labelNames: ['group', 'role'],
    collect: () => {
      role.reset();
      for (const status of statuses())
        for (const name of ROLES) role.set({ group: status.group, role: name }, Number(status.role === name));
    },
  });
}

/** The figures of a switch. */
export function switchRegistry(statuses: () => readonly EdgeStatus[]): Registry {
  const registry = processRegistry();
  const gauge = groupGauges(registry, 'vmft_switch', statuses);
  gauge('generation', 'The newest generation that the switch has heard of', ({ generation }) => generation);
  gauge('console_output_bytes', 'Console output since boot', ({ outputBytes }) => outputBytes);
  gauge('console_typed_bytes', 'Console input since boot', ({ typedBytes }) => typedBytes);
  gauge(
    'console_waiting_bytes',
    "Typed bytes that the guest's log does not hold",
    ({ typedWaitingBytes }) => typedWaitingBytes,
  );
  gauge('terminals', 'Terminals at the console', ({ attachers }) => attachers);
  gauge('frames_dropped', 'Frames for the guest that were dropped', ({ framesDropped }) => framesDropped);
  gauge('duplicates_dropped', 'Outputs that came again', ({ duplicatesDropped }) => duplicatesDropped);
  return registry;
}

/** Serves a registry until it is closed. Who can connect can read it. @throws {OperatingError} if it can't listen there */
export async function serveMetrics(registry: Registry, at: ServiceAddress): Promise<{ close(): void }> {
  const server: Server = createServer(PATIENCE, (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end('the figures are at /metrics\n');
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: Error) => response.writeHead(500).end(`${error.message}\n`),
    );
  });
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new OperatingError(`can't serve metrics at ${addressText(at)}: ${error.code ?? error.message}`)),
    );
    server.listen({ host: at.address, port: at.port }, resolve);
  });
  return {
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
