/**
 * Linearizability (Herlihy and Wing 1990) of the calls of the key-value server's clients: each request appears to take
 * effect at one instant between its call and its answer. The search is that of Wing and Gong (1993), with the
 * memoization of Lowe (2017).
 */

export type KvOperation =
  | { op: 'SET'; key: string; value: string }
  | { op: 'GET'; key: string }
  | { op: 'ADD'; key: string; amount: number };

/** One request as its client observed it. Times are whole nanoseconds of virtual time. */
export interface Call {
  client: number;
  sequence: number;
  operation: KvOperation;
  calledNs: number;
  /** Undefined: never answered. The request may have taken effect at any time after its call, or never. */
  returnedNs?: number;
  /** The text after `CLIENT SEQ `. Undefined: unknown; the request took effect while it was open, or never. */
  answer?: string;
}

/** A minimal set of calls of one key that is not linearizable. */
export interface NonLinearizable {
  key: string;
  /**
   * Calls with contradicting answers, ordered by call time, independent of the key's other calls. Each is needed:
   * without its answer the history would be linearizable (or undecided).
   */
  calls: Call[];
}

const LIMIT_STATES = 1_000_000;
/**
 * The limit for each attempt to omit an answer: shrinking is optional, and additions without answers have many sums.
 */
const SHRINK_STATES = 10_000;

/**
 * Finds a key whose calls are not linearizable. Keys are independent: a history is linearizable if those of its keys
 * are (Herlihy and Wing, theorem 1).
 * @param limitStates the number of configurations of one key after which it counts as undecided.
 * @returns undefined if the calls are linearizable.
 */
export function checkLinearizable(
  calls: readonly Call[],
  limitStates = LIMIT_STATES,
): NonLinearizable | 'undecided' | undefined {
  let undecided = false;
  for (const [key, history] of byKey(calls)) {
    const verdict = search(history, limitStates);
    if (verdict === 'impossible')
      return { key, calls: shrink(history, Math.min(limitStates, SHRINK_STATES)) };
    undecided ||= verdict === 'undecided';
  }
  return undecided ? 'undecided' : undefined;
}

function byKey(calls: readonly Call[]): Map<string, Call[]> {
  const histories = new Map<string, Call[]>();
  for (const call of calls) {
    const history = histories.get(call.operation.key);
    if (history) history.push(call);
    else histories.set(call.operation.key, [call]);
  }
  return histories;
}

/**
 * Omits one answer after another, from the end, as long as the rest is still impossible. The call itself stays, since
 * other calls may read its value. An order that satisfies the whole history satisfies it with an answer omitted, so a
 * rest that is impossible proves that the whole is. For the same reason one round is enough: an answer that was needed
 * among more answers is needed among fewer.
 */
function shrink(history: readonly Call[], limitStates: number): Call[] {
  const known = inOrder(history);
  const needed: Call[] = [];
  for (let index = known.length - 1; index >= 0; index--) {
    const call = known[index]!;
    if (call.answer === undefined) continue;
    const { answer, ...forgotten } = call;
    known[index] = forgotten;
    if (search(known, limitStates) === 'impossible') continue;
    known[index] = call;
    needed.unshift(call);
  }
  return needed;
}

const inOrder = (calls: readonly Call[]): Call[] => calls.toSorted((a, b) => a.calledNs - b.calledNs);

/** A state of the search through the calls of one key, ordered by call time. */
interface Configuration {
  /** All calls before this index have taken effect. */
  first: number;
  /** The later calls that have taken effect too, ascending. */
  ahead: readonly number[];
  state: State;
}

/** Searches for an order of the calls that gives all answers: depth first, no configuration twice. */
function search(history: readonly Call[], limitStates: number): 'possible' | 'impossible' | 'undecided' {
  // A GET without an answer constrains nothing.
  const calls = inOrder(
    history.filter(({ operation, answer }) => operation.op !== 'GET' || answer !== undefined),
  );
  const seen = new Set<string>();
  const stack: Configuration[] = [{ first: 0, ahead: [], state: NONE }];
  for (let configuration = stack.pop(); configuration; configuration = stack.pop()) {
    const { first, ahead, state } = configuration;
    const name = `${first} ${ahead} ${state}`;
    if (seen.has(name)) continue;
    if (seen.size === limitStates) return 'undecided';
    seen.add(name);
    const candidates = candidatesOf(calls, configuration);
    if (candidates.every((index) => calls[index]!.returnedNs === undefined)) return 'possible';
    // A read that fits goes first without loss: it does not change the state.
    const read = candidates.find((index) => isRead(calls[index]!, state));
    for (const index of read === undefined ? candidates.reverse() : [read])
      for (const next of outcomes(calls[index]!, state)) stack.push(advance(first, ahead, index, next));
  }
  return 'impossible';
}

/** The calls that can take effect next: no other pending one returned before they were called. */
function candidatesOf(calls: readonly Call[], { first, ahead }: Configuration): number[] {
  const candidates: number[] = [];
  let firstReturnNs = Number.POSITIVE_INFINITY;
  for (let index = first; index < calls.length; index++) {
    const { calledNs, returnedNs } = calls[index]!;
    if (calledNs > firstReturnNs) break;
    if (ahead.includes(index)) continue;
    candidates.push(index);
    if (returnedNs !== undefined) firstReturnNs = Math.min(firstReturnNs, returnedNs);
  }
  return candidates;
}

function advance(first: number, ahead: readonly number[], done: number, state: State): Configuration {
  const rest = [...ahead, done].sort((a, b) => a - b);
  let reached = first;
  while (rest[0] === reached) {
    rest.shift();
    reached++;
  }
  return { first: reached, ahead: rest, state };
}

/** A key's value, as a GET would answer. */
type State = 'NONE' | `VALUE ${string}`;
const NONE = 'NONE';
const FULL = 'ERROR the store is full';

const isRead = ({ operation, answer }: Call, state: State): boolean =>
  operation.op === 'GET' && answer === state;

/** The possible states after a call takes effect in this one; none if its answer contradicts this state. */
function outcomes({ operation, answer }: Call, state: State): State[] {
  const effect = carryOut(operation, state);
  if (answer === undefined) return [state, effect.state];
  // Whether there is room for a new key depends on the other keys, which are not known here.
  if (answer === FULL && operation.op !== 'GET' && state === NONE) return [state];
  return answer === effect.answer ? [effect.state] : [];
}

/** Model of the server: programs/kv/service.c. */
function carryOut(operation: KvOperation, state: State): { state: State; answer: string } {
  switch (operation.op) {
    case 'GET':
      return { state, answer: state };
    case 'SET':
      return { state: `VALUE ${operation.value}`, answer: 'OK' };
    case 'ADD': {
      const old = state === NONE ? 0n : toNumber(state.slice('VALUE '.length));
      if (old === undefined) return { state, answer: 'ERROR the value is not a number' };
      const sum = old + BigInt(operation.amount);
      if (!isInt64(sum)) return { state, answer: 'ERROR the sum does not fit 64 bits' };
      return { state: `VALUE ${sum}`, answer: `VALUE ${sum}` };
    }
  }
}

function toNumber(text: string): bigint | undefined {
  if (!/^-?[0-9]+$/.test(text)) return undefined;
  const number = BigInt(text);
  return isInt64(number) ? number : undefined;
}

const isInt64 = (number: bigint): boolean => BigInt.asIntN(64, number) === number;

/** The text of a request, after `CLIENT SEQ `. */
export function requestText(operation: KvOperation): string {
  switch (operation.op) {
    case 'GET':
      return `GET ${operation.key}`;
    case 'SET':
      return `SET ${operation.key} ${operation.value}`;
    case 'ADD':
      return `ADD ${operation.key} ${operation.amount}`;
  }
}

/** For reports: a line for each call. The bars show which calls overlap, not how long they took. */
export function describeHistory(offence: NonLinearizable): string[] {
  const calls = inOrder(offence.calls);
  const times = new Set(calls.flatMap(({ calledNs, returnedNs }) => [calledNs, returnedNs ?? calledNs]));
  const ranks = new Map([...times].sort((a, b) => a - b).map((ns, rank) => [ns, rank]));
  const bars = calls.map((call) => bar(call, ranks));
  const names = aligned(calls.map(({ client, sequence }) => `client ${client} #${sequence}`));
  const texts = aligned(
    calls.map(({ operation, answer }) => `${requestText(operation)} → ${answer ?? 'no answer'}`),
  );
  return calls.map(({ calledNs, returnedNs }, index) => {
    const until = returnedNs === undefined ? '' : milliseconds(returnedNs);
    return `${bars[index]}  ${names[index]}  ${texts[index]}  ${milliseconds(calledNs)}–${until} ms`;
  });
}

function aligned(texts: readonly string[]): string[] {
  const width = Math.max(...texts.map(({ length }) => length));
  return texts.map((text) => text.padEnd(width));
}

const milliseconds = (ns: number): string => (ns / 1e6).toFixed(6);

/** Each distinct time has a column, three characters wide. */
function bar({ calledNs, returnedNs }: Call, ranks: ReadonlyMap<number, number>): string {
  const column = (ns: number) => ranks.get(ns)! * 3;
  const width = (ranks.size - 1) * 3 + 1;
  const from = column(calledNs);
  const open = returnedNs === undefined;
  const to = open ? width - 1 : column(returnedNs);
  const line = from === to ? '│' : `├${'─'.repeat(to - from - 1)}${open ? '─' : '┤'}`;
  return `${' '.repeat(from)}${line}`.padEnd(width);
}
