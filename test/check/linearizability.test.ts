import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random.ts';
import {
  type Call,
  checkLinearizable,
  describeHistory,
  type KvOperation,
  type NonLinearizable,
} from '../../src/check/linearizability.ts';
import { Client } from '../../src/sim/world/client.ts';
import { arp, parse, udp } from '../../src/sim/world/packets.ts';
import { examples } from '../thorough.ts';

type Store = ReadonlyMap<string, string>;

/** A second model of the server, independent of the one in the checker, for small numbers. */
function serve(store: Store, operation: KvOperation): { store: Store; answer: string } {
  const { op, key } = operation;
  const old = store.get(key);
  if (op === 'GET') return { store, answer: old === undefined ? 'NONE' : `VALUE ${old}` };
  if (op === 'SET') return { store: new Map(store).set(key, operation.value), answer: 'OK' };
  const sum = Number(old ?? 0) + operation.amount;
  if (Number.isNaN(sum)) return { store, answer: 'ERROR the value is not a number' };
  return { store: new Map(store).set(key, String(sum)), answer: `VALUE ${sum}` };
}

/** Whether some order of all keys' calls is legal; calls without an answer may be omitted. */
function linearizable(
  rest: readonly Call[],
  placed: readonly Call[] = [],
  store: Store = new Map(),
): boolean {
  if (rest.every(({ answer }) => answer === undefined)) return true;
  return rest.some((call) => {
    const { returnedNs } = call;
    if (returnedNs !== undefined && placed.some(({ calledNs }) => returnedNs < calledNs)) return false;
    const after = serve(store, call.operation);
    if (call.answer !== undefined && call.answer !== after.answer) return false;
    return linearizable(
      rest.filter((other) => other !== call),
      [...placed, call],
      after.store,
    );
  });
}

const forget = ({ answer, ...call }: Call): Call => call;

/** `2 SET x 1 > OK @ 10-20`: client 2's request, its answer and when. Without an answer: `1 GET x @ 10-`. */
function history(...lines: string[]): Call[] {
  return lines.map((line, index) => {
    const [, client, op, key, argument, answer, calledNs, returnedNs] =
      /^(\d) (\w+) (\w+)(?: (\w+))?(?: > (.+))? @ (\d+)-(\d*)$/.exec(line)!;
    const operation = (
      op === 'GET'
        ? { op, key }
        : op === 'SET'
          ? { op, key, value: argument }
          : { op, key, amount: Number(argument) }
    ) as KvOperation;
    const call = { client: Number(client), sequence: index + 1, operation, calledNs: Number(calledNs) };
    return { ...call, ...(returnedNs && { returnedNs: Number(returnedNs) }), ...(answer && { answer }) };
  });
}

function violationOf(calls: readonly Call[]): NonLinearizable {
  const verdict = checkLinearizable(calls);
  if (verdict === undefined || verdict === 'undecided') throw new Error(`no violation: ${verdict}`);
  return verdict;
}

const sequences = (calls: readonly Call[]) => violationOf(calls).calls.map(({ sequence }) => sequence);

describe('linearizable histories', () => {
  const accepted = (name: string, ...lines: string[]) =>
    it(name, () => expect(checkLinearizable(history(...lines))).toBeUndefined());

  accepted('an empty history');
  accepted('a missing key', '1 GET x > NONE @ 0-1', '1 ADD x 0 > VALUE 0 @ 2-3', '1 GET x > VALUE 0 @ 4-5');
  accepted(
    'a write that is read while it is pending',
    '1 SET x 1 > OK @ 0-100',
    '2 GET x > NONE @ 10-20',
    '3 GET x > VALUE 1 @ 30-40',
  );
  accepted(
    'writes that take effect in another order than they were called',
    '1 SET x 1 > OK @ 0-50',
    '2 SET x 2 > OK @ 10-40',
    '3 GET x > VALUE 2 @ 20-25',
    '3 GET x > VALUE 1 @ 30-60',
  );
  accepted(
    'a pending write that took effect, late',
    '1 SET x 1 @ 0-',
    '2 GET x > NONE @ 10-20',
    '2 GET x > VALUE 1 @ 30-40',
  );
  accepted('a pending write that did not take effect', '1 SET x 1 @ 0-', '2 GET x > NONE @ 10-20');
  accepted('additions that overlap', '1 ADD x 1 > VALUE 3 @ 0-9', '2 ADD x 2 > VALUE 2 @ 0-9');
  accepted('an answer in the instant of the next call', '1 SET x 1 > OK @ 0-10', '2 GET x > NONE @ 10-20');
  accepted(
    'additions to a value that is not a number, and sums that do not fit',
    '1 SET x word > OK @ 0-1',
    '1 ADD x 1 > ERROR the value is not a number @ 2-3',
    '1 SET x 9223372036854775807 > OK @ 4-5',
    '1 ADD x 1 > ERROR the sum does not fit 64 bits @ 6-7',
    '1 SET x 9223372036854775808 > OK @ 8-9',
    '1 ADD x 1 > ERROR the value is not a number @ 10-11',
  );
  accepted('a full store', '1 SET x 1 > ERROR the store is full @ 0-1', '1 GET x > NONE @ 2-3');
});

describe('histories that are not linearizable, with the calls that prove it', () => {
  const rejected = (name: string, needed: number[], ...lines: string[]) =>
    it(name, () => expect(sequences(history(...lines))).toEqual(needed));

  rejected(
    'a stale read',
    [2, 4],
    '1 SET x 1 > OK @ 0-10',
    '1 SET x 2 > OK @ 20-30',
    '3 GET y > NONE @ 35-36',
    '2 GET x > VALUE 1 @ 40-50',
    '2 SET x 3 > OK @ 60-70',
  );
  rejected('a write that is lost', [1, 2], '1 SET x 1 > OK @ 0-10', '2 GET x > NONE @ 20-30');
  rejected('an update that is lost', [1, 2], '1 ADD x 1 > VALUE 1 @ 0-10', '2 ADD x 1 > VALUE 1 @ 0-10');
  rejected(
    'an addition that is carried out twice, so that the sum is too large',
    [3],
    '1 ADD x 1 > VALUE 1 @ 0-10',
    '1 ADD x 2 > VALUE 3 @ 20-30',
    '2 ADD x 1 > VALUE 6 @ 40-50',
  );
  rejected(
    'two clients that read two writes in different orders',
    [3, 5, 4, 6],
    '1 SET x 1 > OK @ 0-100',
    '2 SET x 2 > OK @ 0-100',
    '3 GET x > VALUE 1 @ 10-20',
    '3 GET x > VALUE 2 @ 30-40',
    '4 GET x > VALUE 2 @ 10-20',
    '4 GET x > VALUE 1 @ 30-40',
  );
  rejected(
    'a pending write that is read and then lost',
    [2, 3],
    '1 SET x 1 @ 0-',
    '2 GET x > VALUE 1 @ 10-20',
    '3 GET x > NONE @ 30-40',
  );
  rejected('a read from the future', [1], '1 GET x > VALUE 1 @ 0-10', '2 SET x 1 > OK @ 20-30');
  rejected('a value that no call wrote', [1], '1 GET x > VALUE 7 @ 0-10', '2 SET x 1 > OK @ 0-10');
  rejected('an error without a cause', [1], '1 ADD x 1 > ERROR the value is not a number @ 0-1');
  rejected(
    'a full store, reported for an existing key',
    [1, 2],
    '1 SET x 1 > OK @ 0-1',
    '1 SET x 2 > ERROR the store is full @ 2-3',
  );

  it('include a call with an empty answer', () => {
    const empty = history('1 GET x > NONE @ 0-1').map((call) => ({ ...call, answer: '' }));
    expect(violationOf(empty).calls).toEqual(empty);
  });

  it('are drawn with one line for each call', () => {
    const calls = history('1 SET x 1 > OK @ 0-250', '2 SET x 2 > OK @ 100-300', '3 GET x > NONE @ 400-400');
    expect(describeHistory({ key: 'x', calls: [...calls, ...history('1 ADD x 1 @ 200-')] })).toEqual([
      '├────────┤        client 1 #1  SET x 1 → OK         0.000000–0.000250 ms',
      '   ├────────┤     client 2 #2  SET x 2 → OK         0.000100–0.000300 ms',
      '      ├─────────  client 1 #1  ADD x 1 → no answer  0.000200– ms',
      '               │  client 3 #3  GET x → NONE         0.000400–0.000400 ms',
    ]);
  });
});

const operations: fc.Arbitrary<KvOperation> = fc.oneof(
  fc.record({
    op: fc.constant('SET' as const),
    key: fc.constantFrom('x', 'y'),
    value: fc.constantFrom('1', '2', 'word'),
  }),
  fc.record({ op: fc.constant('GET' as const), key: fc.constantFrom('x', 'y') }),
  fc.record({ op: fc.constant('ADD' as const), key: fc.constantFrom('x', 'y'), amount: fc.nat(2) }),
);

interface Instance {
  operation: KvOperation;
  calledNs: number;
  /** Time from the call to its effect; `answerNs`: from the effect to the return. */
  effectNs: number;
  answerNs: number;
  fate: 'answered' | 'pending' | 'lost';
}

const instances = (maxLength: number, spanNs: number, durationNs: number): fc.Arbitrary<Instance[]> =>
  fc.array(
    fc.record({
      operation: operations,
      calledNs: fc.nat(spanNs),
      effectNs: fc.nat(durationNs),
      answerNs: fc.nat(durationNs),
      fate: fc.oneof(
        { weight: 6, arbitrary: fc.constant('answered' as const) },
        fc.constantFrom('pending', 'lost'),
      ),
    }),
    { maxLength },
  );

/** The calls as their clients see them, if each takes effect at its `effectNs`. */
function linearize(planned: readonly Instance[]): Call[] {
  let store: Store = new Map();
  return planned
    .toSorted((a, b) => a.calledNs + a.effectNs - (b.calledNs + b.effectNs))
    .map(({ operation, calledNs, effectNs, answerNs, fate }, sequence) => {
      const call = { client: 1, sequence, operation, calledNs };
      if (fate === 'lost') return call;
      const after = serve(store, operation);
      store = after.store;
      if (fate === 'pending') return call;
      return { ...call, returnedNs: calledNs + effectNs + answerNs, answer: after.answer };
    });
}

const answers = fc.constantFrom(
  'OK',
  'NONE',
  'VALUE 0',
  'VALUE 1',
  'VALUE 2',
  'VALUE 3',
  'VALUE word',
  'ERROR the value is not a number',
);

/** Histories with some answers replaced, of which many are not linearizable. */
const suspects: fc.Arbitrary<Call[]> = fc
  .tuple(instances(7, 12, 5), fc.array(fc.tuple(fc.nat(6), answers), { maxLength: 3 }))
  .map(([planned, changes]) => {
    const calls = linearize(planned);
    for (const [index, answer] of changes) if (calls[index]?.answer) calls[index].answer = answer;
    return calls;
  });

describe('random histories', () => {
  it('are accepted when each call takes effect at an instant between its call and its return', () => {
    fc.assert(
      fc.property(instances(80, 400, 30), (planned) => {
        expect(checkLinearizable(linearize(planned))).toBeUndefined();
      }),
      { numRuns: examples(300) },
    );
  });

  it('get the same verdict as from a search of all orders', () => {
    let wrong = 0;
    fc.assert(
      fc.property(suspects, (calls) => {
        const verdict = checkLinearizable(calls);
        expect(verdict === undefined).toBe(linearizable(calls));
        if (verdict) wrong++;
      }),
      { numRuns: examples(3000) },
    );
    expect(wrong).toBeGreaterThan(examples(500));
    expect(wrong).toBeLessThan(examples(2500));
  });

  it('that are rejected are shrunk to a minimal set of calls that is not linearizable', () => {
    fc.assert(
      fc.property(suspects, (calls) => {
        const verdict = checkLinearizable(calls);
        fc.pre(verdict !== undefined && verdict !== 'undecided');
        const knowing = (known: readonly Call[]) => {
          const others = calls.filter((call) => call.operation.key === verdict.key && !known.includes(call));
          return [...known, ...others.map(forget)];
        };
        expect(verdict.calls.every((call) => calls.includes(call))).toBe(true);
        expect(linearizable(verdict.calls)).toBe(false);
        expect(linearizable(knowing(verdict.calls))).toBe(false);
        for (const one of verdict.calls)
          expect(linearizable(knowing(verdict.calls.filter((call) => call !== one)))).toBe(true);
      }),
      { numRuns: examples(1000) },
    );
  });

  it('do not depend on the order in which the calls are listed', () => {
    fc.assert(
      fc.property(suspects, (calls) => {
        expect(checkLinearizable(calls.toReversed()) === undefined).toBe(
          checkLinearizable(calls) === undefined,
        );
      }),
    );
  });
});

describe('the search limit', () => {
  it('leaves only the keys undecided whose search exceeds it', () => {
    const pending = Array.from({ length: 18 }, (_, index) => `1 ADD x ${2 ** index} @ 0-`);
    const calls = history(...pending, '1 GET x > VALUE word @ 20-30');
    expect(checkLinearizable(calls, 1000)).toBe('undecided');
    const other = history('1 GET y > VALUE 1 @ 0-1');
    expect(checkLinearizable([...calls, ...other], 1000)).toEqual({ key: 'y', calls: other });
  });

  it('is not reached by three clients with 20 requests each', () => {
    const busy = fc.array(fc.tuple(operations, fc.nat(100), fc.nat(100), fc.nat(100)), {
      minLength: 60,
      maxLength: 60,
    });
    fc.assert(
      fc.property(busy, (requests) => {
        const freeNs = [0, 0, 0];
        const planned = requests.map(([operation, thinkNs, effectNs, answerNs], index): Instance => {
          const calledNs = freeNs[index % 3]! + thinkNs;
          freeNs[index % 3] = calledNs + effectNs + answerNs + 1;
          return { operation, calledNs, effectNs, answerNs, fate: 'answered' };
        });
        expect(checkLinearizable(linearize(planned), 500)).toBeUndefined();
      }),
    );
  });
});

/** Clients, a server that may forget which requests it has carried out, and a network that loses answers. */
function runClients(seed: string, server: { remembers: boolean }): Client[] {
  const events: { atNs: number; action: () => void }[] = [];
  const random = new Random(seed);
  const at = { mac: [2, 2, 2, 2, 2, 2], ip: [10, 0, 2, 15], port: 9000 };
  let nowNs = 0;
  let store: Store = new Map();
  const last = new Map<string, { sequence: string; reply: string }>();
  const after = (delayNs: number, action: () => void) => events.push({ atNs: nowNs + delayNs, action });

  const handle = (text: string): string => {
    const [client, sequence, op, key, argument] = text.split(' ') as [string, string, string, string, string];
    const known = last.get(client);
    if (server.remembers && known?.sequence === sequence) return known.reply;
    const operation = { op, key, value: argument, amount: Number(argument) } as unknown as KvOperation;
    const { store: next, answer } = serve(store, operation);
    store = next;
    last.set(client, { sequence, reply: `${client} ${sequence} ${answer}` });
    return `${client} ${sequence} ${answer}`;
  };
  const send = (frame: Uint8Array): void => {
    const packet = parse(frame);
    if (packet.kind === 'arp-request')
      answer(arp(2, at, { mac: packet.senderMac, ip: packet.senderIp }), 100_000);
    if (packet.kind === 'udp')
      after(random.below(3_000_000), () => {
        const reply = handle(new TextDecoder().decode(packet.payload));
        if (!random.chance(0.2))
          answer(udp(at, packet.source, new TextEncoder().encode(`${reply}\n`)), random.below(3_000_000));
      });
  };
  const answer = (frame: Uint8Array, delayNs: number) =>
    after(delayNs, () => {
      for (const client of clients) client.receive(parse(frame));
    });

  const network = { send, in: after, nowNs: () => nowNs, random };
  const clients = [1, 2, 3].map((number) => new Client(number, network, () => {}));
  while (events.length > 0) {
    events.sort((a, b) => a.atNs - b.atNs);
    const event = events.shift()!;
    nowNs = event.atNs;
    event.action();
  }
  return clients;
}

describe('clients', () => {
  const seeds = Array.from({ length: 20 }, (_, index) => `seed ${index}`);

  const overlap = (a: Call, b: Call): boolean =>
    a.client !== b.client &&
    a.operation.key === b.operation.key &&
    a.calledNs < b.returnedNs! &&
    b.calledNs < a.returnedNs!;

  it('record their requests and answers, and contend for the keys that they share', () => {
    let overlaps = 0;
    for (const seed of seeds) {
      const clients = runClients(seed, { remembers: true });
      const calls = clients.flatMap((client) => client.calls);
      expect(clients.flatMap(({ errors }) => errors)).toEqual([]);
      expect(calls.filter(({ answer }) => answer !== undefined)).toHaveLength(60);
      expect(clients.some(({ retransmissions }) => retransmissions > 0)).toBe(true);
      expect(checkLinearizable(calls, 500)).toBeUndefined();
      overlaps += calls.filter((a) => calls.some((b) => overlap(a, b))).length;
    }
    expect(overlaps).toBeGreaterThan(10 * seeds.length);
  });

  it('reveal a server that executes a retransmitted request again', () => {
    const verdicts = seeds.map((seed) =>
      checkLinearizable(runClients(seed, { remembers: false }).flatMap(({ calls }) => calls)),
    );
    // A SET that is carried out twice in a row is harmless.
    expect(verdicts.filter((verdict) => typeof verdict === 'object').length).toBeGreaterThan(15);
  });
});
