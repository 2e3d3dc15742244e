/** `monitor` commands: what gdb has no command for. */
import { describeEntry } from '../../vmm/entries.ts';
import type { Between, DebugSession, Operation } from '../session.ts';

const HELP = `icount              the position, in steps since boot
entry               how many entries of the log the guest has consumed, and the next one
outputs             how many outputs the guest has made
goto N              moves to the position N; also goto start, goto end
goto entry N        moves to where N entries are consumed
goto output N       moves to where the guest has just made its output N
checkpoint          remembers this position
checkpoints         lists the remembered positions
goto checkpoint N   moves to a remembered position
After a goto, gdb reads the registers again when told so: maintenance flush register-cache
`;

/** The most positions that are remembered. */
const MAX_CHECKPOINTS = 1000;
const NUMBER = /^[0-9]{1,15}$/;

/** The commands of one gdb. */
export class Monitor {
  private readonly checkpoints: number[] = [];

  constructor(private readonly session: DebugSession) {}

  /** Carries out a command; its answer is for the user. */
  command(line: string): string | Generator<Between, string> {
    const [name = '', ...words] = line.trim().split(/\s+/);
    switch (name) {
      case 'icount':
        return `${this.session.icount}\n`;
      case 'entry':
        return this.entry();
      case 'outputs':
        return `${this.session.machine.outputsMade}\n`;
      case 'goto':
        return this.goTo(words);
      case 'checkpoint':
        return this.remember();
      case 'checkpoints':
        return this.checkpoints.map((icount, index) => `${index + 1}  icount ${icount}\n`).join('');
      case '':
      case 'help':
        return HELP;
      default:
        return `there is no command "${name}"; there are:\n${HELP}`;
    }
  }

  private entry(): string {
    const { consumed, next } = this.session.timeline;
    return `${consumed} consumed; the next one is ${next ? describeEntry(next) : 'not there: this is the end'}\n`;
  }

  private remember(): string {
    const { icount } = this.session;
    if (this.checkpoints.length === MAX_CHECKPOINTS)
      return `there are ${MAX_CHECKPOINTS} checkpoints already\n`;
    this.checkpoints.push(icount);
    this.session.keep();
    return `checkpoint ${this.checkpoints.length} at icount ${icount}\n`;
  }

  private goTo(words: readonly string[]): string | Generator<Between, string> {
    const { session } = this;
    const [place = '', number = ''] = words;
    if (place === 'start') return this.moving(session.goTo(0));
    if (place === 'end') return this.moving(session.goToEnd());
    if (words.length === 1 && NUMBER.test(place)) return this.moving(session.goTo(Number(place)));
    const count = Number(number);
    if (words.length === 2 && NUMBER.test(number))
      switch (place) {
        case 'entry':
          return this.moving(session.goToFirst(() => session.timeline.consumed >= count));
        case 'output':
          return this.moving(session.goToFirst(() => session.machine.outputsMade >= count));
        case 'checkpoint': {
          const icount = this.checkpoints[count - 1];
          return icount === undefined
            ? `there is no checkpoint ${number}; monitor checkpoints lists them\n`
            : this.moving(session.goTo(icount));
        }
      }
    return `goto what? There are:\n${HELP}`;
  }

  private *moving(operation: Operation): Generator<Between, string> {
    const { why } = yield* operation;
    return `${why === 'end' ? 'the end of the run, ' : ''}icount ${this.session.icount}\n`;
  }
}
