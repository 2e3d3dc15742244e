/** What the bank must answer: a model of programs/bank.s for the commands that a client draws. */
import type { Random } from '../../src/base/random.ts';

/** What a line must be; returns what is wrong with it. */
export type Expectation = (line: string) => string | undefined;

/** A line to type, and the lines that must come back. */
export interface Command {
  line: string;
  answers: Expectation[];
}

interface Entry {
  number: number;
  receipt: string;
  text: string;
}

const NAMES = ['alice', 'bob', 'bakery', 'carol', 'school', 'dave'];
const MAX_AMOUNT = 500;

const exactly =
  (text: string): Expectation =>
  (line) =>
    line === text ? undefined : `"${line}" came where "${text}" is due`;

/** The state of the bank, as far as its client knows it. */
export class Books {
  private readonly balances = new Map<string, number>();
  private readonly ledger: Entry[] = [];
  private transactions = 0;
  private refusals = 0;

  /** The number of transactions that were asked for. The bank has room for 512. */
  get entries(): number {
    return this.transactions;
  }

  /** A command that changes the books, or is refused. */
  transaction(random: Random): Command {
    const closed = NAMES.filter((name) => !this.balances.has(name));
    if (closed.length > 0 && (this.balances.size < 2 || random.chance(0.2))) return this.open(closed[0]!);
    const name = this.draw(random);
    const amount = 1 + random.below(MAX_AMOUNT);
    switch (random.below(3)) {
      case 0:
        return this.moved(`deposit ${name} ${amount}`, new Map([[name, amount]]));
      case 1:
        return (
          this.paid(name, amount) ?? this.moved(`withdraw ${name} ${amount}`, new Map([[name, -amount]]))
        );
      default: {
        const others = [...this.balances.keys()].filter((other) => other !== name);
        const to = others[random.below(others.length)]!;
        const paid = this.paid(name, amount, to);
        const changes = new Map([
          [name, -amount],
          [to, amount],
        ]);
        return (
          paid ??
          this.moved(`transfer ${name} ${to} ${amount}`, changes, `transfer ${name} -> ${to} ${amount}`)
        );
      }
    }
  }

  /** A question, which changes nothing. */
  question(random: Random): Command {
    if (this.balances.size === 0 || random.chance(0.1))
      return this.refused('balance nobody', 'nobody has no account here');
    const name = this.draw(random);
    return { line: `balance ${name}`, answers: [exactly(`${name} ${this.balances.get(name)}`)] };
  }

  /** The last commands: the statement must have every receipt that was given. */
  closing(): Command[] {
    let lastUs = 0;
    const statement = Array.from(
      { length: this.transactions },
      (_, index): Expectation =>
        (line) => {
          const [, number, us, receipt, text] =
            /^ *(\d+) +(\d+) us {2}([0-9a-f]{8}) {2}(.*)$/.exec(line) ?? [];
          const entry = this.ledger[index];
          if (!entry || Number(number) !== entry.number || receipt !== entry.receipt || text !== entry.text)
            return `the statement has "${line}" for ${entry ? `#${entry.number} ${entry.receipt} ${entry.text}` : 'no receipt'}`;
          if (Number(us) < lastUs) return `the time of "${line}" is before that of the entry above it`;
          lastUs = Number(us);
          return undefined;
        },
    );
    const total = [...this.balances.values()].reduce((sum, balance) => sum + balance, 0);
    const totals = `${this.balances.size} accounts hold ${total}, last link `;
    return [
      { line: 'statement', answers: statement },
      { line: 'audit', answers: [startingWith(`audit: ${this.transactions} entries, ${totals}`)] },
      {
        line: 'quit',
        answers: [
          startingWith(
            `closed after ${this.transactions} transactions and ${this.refusals} refusals: ${totals}`,
          ),
        ],
      },
    ];
  }

  private draw(random: Random): string {
    const names = [...this.balances.keys()];
    return names[random.below(names.length)]!;
  }

  private open(name: string): Command {
    return this.moved(`open ${name}`, new Map([[name, 0]]));
  }

  /** A refusal if there is not enough. */
  private paid(name: string, amount: number, to?: string): Command | undefined {
    const balance = this.balances.get(name)!;
    if (balance >= amount) return undefined;
    const line = to === undefined ? `withdraw ${name} ${amount}` : `transfer ${name} ${to} ${amount}`;
    return this.refused(line, `${name} has only ${balance}`);
  }

  private refused(line: string, why: string): Command {
    this.refusals++;
    return { line, answers: [exactly(`refused: ${why}`)] };
  }

  private moved(line: string, changes: ReadonlyMap<string, number>, text = line): Command {
    const number = ++this.transactions;
    for (const [name, change] of changes) this.balances.set(name, (this.balances.get(name) ?? 0) + change);
    const now = [...changes.keys()].map((name) => `${name} ${this.balances.get(name)}`).join(', ');
    const wanted = `${text}: ${now}`;
    const answer: Expectation = (shown) => {
      const [, shownNumber, receipt, rest] = /^#(\d+) ([0-9a-f]{8}) (.*)$/.exec(shown) ?? [];
      if (Number(shownNumber) !== number || rest !== wanted)
        return `"${shown}" came where "#${number} RECEIPT ${wanted}" is due`;
      this.ledger.push({ number, receipt: receipt!, text });
      return undefined;
    };
    return { line, answers: [answer] };
  }
}

const startingWith =
  (text: string): Expectation =>
  (line) =>
    line.startsWith(text) ? undefined : `"${line}" came where "${text}…" is due`;
