/** The parts of the guest editor that need no browser: drafts, checks while typing, and the kinds of a line's parts. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { statementsOf } from '../../src/asm/source.ts';
import { partsOf } from '../../src/web/editor/assembly-mode.ts';
import { type CheckState, Checks } from '../../src/web/editor/checks.ts';
import { type DraftStorage, Drafts } from '../../src/web/editor/drafts.ts';
import { program } from '../cli/command.ts';

describe('drafts', () => {
  const names = fc.constantFrom('bank', 'clock', 'constructor');
  const text = fc.option(fc.string(), { nil: undefined });
  /** `fails`: the storage is full, or has been taken away. */
  const steps = fc.array(fc.record({ name: names, text, fails: fc.boolean() }));

  it('are as they were set last, whatever the storage does; what it took is there for the next page', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const stored = new Map<string, string>();
        let fails = false;
        const attempt = <T>(access: () => T): T => {
          if (fails) throw new Error('QuotaExceededError');
          return access();
        };
        const storage: DraftStorage = {
          getItem: (key) => attempt(() => stored.get(key) ?? null),
          setItem: (key, value) => attempt(() => void stored.set(key, value)),
          removeItem: (key) => attempt(() => void stored.delete(key)),
        };
        const drafts = new Drafts(() => storage);
        const model = new Map<string, string | undefined>();
        const kept = new Map<string, string | undefined>();
        for (const step of all) {
          ({ fails } = step);
          expect(drafts.set(step.name, step.text)).toBe(!fails);
          model.set(step.name, step.text);
          if (!fails) kept.set(step.name, step.text);
          for (const [name, value] of model) expect(drafts.get(name)).toBe(value);
        }
        fails = false;
        const next = new Drafts(() => storage);
        for (const [name, value] of kept) expect(next.get(name)).toBe(value);
      }),
    );
  });

  it('are in memory where the page may have no storage', () => {
    const drafts = new Drafts(() => {
      throw new Error('SecurityError: the document is sandboxed');
    });
    expect(drafts.get('bank')).toBeUndefined();
    expect(drafts.set('bank', 'nop')).toBe(false);
    expect(drafts.get('bank')).toBe('nop');
  });
});

describe('checks while typing', () => {
  /** The text changes, time passes, or the oldest or newest check under way is answered. */
  const step = fc.oneof(
    fc.record({ kind: fc.constant('edit' as const), ask: fc.constantFrom('later', 'now') }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(10, 100, 1000) }),
    fc.record({ kind: fc.constant('answer' as const), which: fc.constantFrom(0, -1), fails: fc.boolean() }),
  );

  it('show only what belongs to the present text, in the end its errors', async () => {
    vi.useFakeTimers();
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (all) => {
          const under: { text: string; answer: (fails: boolean) => void }[] = [];
          const errorsOf = (text: string) => [{ file: 'a.s', line: 1, column: 1, message: text, text }];
          const check = (text: string) =>
            new Promise<ReturnType<typeof errorsOf>>((resolve, reject) =>
              under.push({
                text,
                answer: (fails) => (fails ? reject(new Error(text)) : resolve(errorsOf(text))),
              }),
            );
          const checks = new Checks(check, 100);
          let present = '';
          const shown = () => {
            const state: CheckState = checks.state.value;
            if (state.kind === 'checked') expect(state.errors).toEqual(errorsOf(present));
            if (state.kind === 'failed') expect(state.message).toBe(present);
          };
          for (const [number, one] of all.entries()) {
            if (one.kind === 'edit') {
              present = `text ${number}`;
              if (one.ask === 'later') checks.later(present);
              else void checks.now(present);
              expect(checks.state.value.kind).toBe('checking');
            } else if (one.kind === 'wait') await vi.advanceTimersByTimeAsync(one.ms);
            else under.splice(one.which, 1)[0]?.answer(one.fails);
            await vi.advanceTimersByTimeAsync(0);
            shown();
          }
          await vi.advanceTimersByTimeAsync(100);
          for (const { answer } of under) answer(false);
          await vi.advanceTimersByTimeAsync(0);
          shown();
          if (present !== '') expect(checks.state.value.kind).not.toBe('checking');
        }),
      );
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the parts of a line', () => {
  const sources = readdirSync(program('.'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /^(lib\/)?[^/]+\.s$/.test(name),
  );
  const partsIn = (source: string) => {
    let inComment = false;
    return source.split('\n').map((line) => {
      const { parts, inComment: next } = partsOf(line, inComment);
      inComment = next;
      return { line, parts };
    });
  };

  /** Whatever is no comment, blank or `;` for the assembler has a part, in order and without gaps. */
  function mustAgree(source: string): void {
    const statements = statementsOf('a.s', source, () => {});
    for (const [index, { line, parts }] of partsIn(source).entries()) {
      const own = new Set<number>();
      for (const { line: at, text, start } of statements)
        if (at.line === index + 1)
          for (let i = 0; i < text.length; i++) if (!/\s/.test(text[i]!)) own.add(start + i);
      let last = 0;
      for (const { kind, from, to } of parts) {
        expect(from).toBeGreaterThanOrEqual(last);
        expect(to).toBeGreaterThan(from);
        last = to;
        for (let i = from; i < to; i++)
          if (!/\s/.test(line[i]!) && line[i] !== ';')
            expect([i, own.has(i)]).toEqual([i, kind !== 'comment']);
        for (let i = from; i < to; i++) own.delete(i);
      }
      expect([...own]).toEqual([]);
    }
  }

  const pieces = [
    '/*',
    '*/',
    '//',
    '#',
    '"',
    "'",
    '\\',
    ';',
    ' ',
    '\n',
    'add',
    'a0',
    'x:',
    '.word',
    '1f',
    ',',
    '(',
  ];

  it('begin and end where the assembler has comments and literals', () => {
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((all) => all.join(''));
    fc.assert(fc.property(text, mustAgree), { numRuns: 1000 });
    for (const name of sources) mustAgree(readFileSync(program(name), 'utf8'));
  });

  it('are instructions, registers and labels by the tables of the assembler', () => {
    const line = 'again: 1: .Lx: amoadd.w.aq a0, fs1, (sp); csrw mstatus, x7; .word again, 1b # add';
    const kinds = partsOf(line, false).parts.map(({ kind, from, to }) => `${kind} ${line.slice(from, to)}`);
    expect(kinds).toEqual([
      ...['label again:', 'label 1:', 'label .Lx:'],
      ...['instruction amoadd.w.aq', 'register a0', 'punctuation ,', 'register fs1', 'punctuation ,'],
      ...['punctuation (', 'register sp', 'punctuation )', 'punctuation ;'],
      ...['instruction csrw', 'register mstatus', 'punctuation ,', 'register x7', 'punctuation ;'],
      ...['directive .word', 'name again', 'punctuation ,', 'number 1b', 'comment # add'],
    ]);
    expect(partsOf('frobnicate a0', false).parts[0]!.kind).toBe('name');
  });
});
