/**
 * Linearizability (Herlihy and Wing 1990) of what the clients of the key-value server saw: each request seems to have taken effect in
 * one instant between its call and its answer. The search is that of Wing and Gong (1993) with the memory that Lowe (2017) added.
 */

export type KvOperation =
  | { op: 'SET'; key: string; value: string }
  | { op: 'GET'; key: string }
  | { op: 'ADD'; key: string; amount: number };

/** One request of one client, as the client saw it. Times are whole nanoseconds of virtual time. */
export interface Call {
  client: number;
  sequence: number;
  operation: KvOperation;
  calledNs: number;
  /** Undefined: never answered. The request may have taken effect at any time after it was called, or never. */
  returnedNs?: number;
  /** What followed `CLIENT SEQ `. Undefined: not known; the request took effect while it was open, or never. */
  answer?: string;
}

export interface NonLinearizable {
  key: string;
  /**
   * The calls that do not fit together, in the order of their calling: the key's other calls do not help, whether they took
   * effect while they were open or not. Each is needed: with its answer forgotten, all would fit (or it would take long to tell).
   */
  calls: Call[];
}

const LIMIT_STATES = 1_000_000;
/** For each attempt to do without a call: this only spares the reader, and forgotten additions have very many sums. */
const SHRINK_STATES = 10_000;

/**
 * Finds a key whose calls are not linearizable. Keys are independent: a history is linearizable if those of its keys are (Herlihy and
 * Wing, theorem 1).
 * @param limitStates how many configurations to look at for one history of one key before it counts as undecided.
 * @returns undefined when all is well.
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
 * Forgets one answer after another, from the end, as long as the rest is still impossible. A call is not taken out, or a value that it
 * wrote would seem to come from nowhere: only what is known of it is. An order that explains the whole history explains it with an
 * answer forgotten too, so what remains impossible proves that the whole history is. For the same reason one round is enough: what
 * had to be kept while more was known has to be kept now.
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

/** How far a search has come through the calls of one key, which are in the order of their calling. */
interface Configuration {
  /** All calls before this one are done. */
  first: number;
  /** The calls behind it that are done too, ascending. */
  ahead: readonly number[];
  state: State;
}

/** Looks for an order of the calls that explains all answers: depth first, no configuration twice. */
function search(history: readonly Call[], limitStates: number): 'possible' | 'impossible' | 'undecided' {
  // A GET without an answer says nothing and changes nothing.
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
    // A read that fits may as well go first: it keeps nothing else from happening.
    const read = candidates.find((index) => isRead(calls[index]!, state));
    for (const index of read === undefined ? candidates.reverse() : [read])
      for (const next of outcomes(calls[index]!, state)) stack.push(advance(first, ahead, index, next));
  }
  return 'impossible';
}

/** The calls that can come next: no other had returned before they were called. */
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

/** What a key holds, as a GET would answer. */
type State = 'NONE' | `VALUE ${string}`;
const NONE = 'NONE';
const FULL = 'ERROR the store is full';

const isRead = ({ operation, answer }: Call, state: State): boolean =>
  operation.op === 'GET' && answer === state;

/** The states that a call can leave behind when it takes effect in this one; none if it is not answered like that. */
function outcomes({ operation, answer }: Call, state: State): State[] {
  const effect = carryOut(operation, state);
  if (answer === undefined) return [state, effect.state];
  // Whether there is room for a new key depends on the other keys, which are not looked at here.
  if (answer === FULL && operation.op !== 'GET' && state === NONE) return [state];
  return answer === effect.answer ? [effect.state] : [];
}

/** What the server does with a request: programs/kv/service.c. */
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

/** A request as it is put to the server, behind `CLIENT SEQ `. */
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

/** For people: a line for each call. The bars show which calls overlap, not how long they took. */
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

/** Each time that occurs has a column, three characters wide. */
function bar({ calledNs, returnedNs }: Call, ranks: ReadonlyMap<number, number>): string {
  const column = (ns: number) => ranks.get(ns)! * 3;
  const width = (ranks.size - 1) * 3 + 1;
  const from = column(calledNs);
  const open = returnedNs === undefined;
  const to = open ? width - 1 : column(returnedNs);
  const line = from === to ? '│' : `├${'─'.repeat(to - from - 1)}${open ? '─' : '┤'}`;
  return `${' '.repeat(from)}${line}`.padEnd(width);
}
