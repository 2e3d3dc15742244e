import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { Terminal } from '../../../src/cli/terminal/terminal.ts';

/** The input of a terminal, which records its mode. */
class FakeInput extends EventEmitter {
  raw = false;
  flowing = false;
  setRawMode(raw: boolean) {
    this.raw = raw;
  }
  resume() {
    this.flowing = true;
  }
  pause() {
    this.flowing = false;
  }
}

class FakeProcess extends EventEmitter {
  code: number | undefined;
  exit(code?: number): never {
    this.code ??= code;
    this.emit('exit');
    return undefined as never;
  }
}

function opened() {
  const input = new FakeInput();
  const process = new FakeProcess();
  const terminal = new Terminal(input, undefined, process as unknown as NodeJS.Process);
  terminal.open();
  expect([input.raw, input.flowing]).toEqual([true, true]);
  return { input, process, terminal };
}

describe('the terminal', () => {
  test('is restored, and all listeners are removed', () => {
    const { input, process, terminal } = opened();
    terminal.close();
    terminal.close();
    expect([input.raw, input.flowing]).toEqual([false, false]);
    expect([...input.eventNames(), ...process.eventNames()]).toEqual([]);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ])('is given back on %s', (signal, code) => {
    const { input, process } = opened();
    process.emit(signal);
    expect([input.raw, process.code]).toEqual([false, code]);
  });

  test('is restored when the process exits, and set up again after a stop', () => {
    const { input, process } = opened();
    input.raw = false;
    process.emit('SIGCONT');
    expect(input.raw).toBe(true);
    process.exit(70);
    expect(input.raw).toBe(false);
  });

  test('returns typed bytes, and waits for them', async () => {
    const { input, terminal } = opened();
    expect(terminal.take()).toEqual([]);
    const typed = terminal.typed();
    input.emit('data', Uint8Array.of(0x61));
    await typed;
    await terminal.typed();
    input.emit('data', Uint8Array.of(1, 0x78));
    expect(terminal.take()).toEqual([{ kind: 'type', data: Uint8Array.of(0x61) }, { kind: 'quit' }]);
    await terminal.typed(0);
    const ended = terminal.typed();
    input.emit('end');
    await ended;
    expect(terminal.ended).toBe(true);
    await terminal.typed();
    terminal.close();
  });
});
