/** Workers execute orders concurrently; their answers are taken in sequence. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { executeInOrder } from '../../src/cli/pool.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('answers are taken in sequence, whichever worker is faster', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.nat(30),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(40),
      async (scheduler, count, jobs, last) => {
        const taken: number[] = [];
        const workers = numbers(jobs).map(() => scheduler.scheduleFunction(async (order: number) => order));
        const all = executeInOrder(numbers(count), workers, (answer) => {
          taken.push(answer);
          return answer === last ? 'enough' : 'more';
        });
        await scheduler.waitFor(all);
        expect(taken).toEqual(numbers(Math.min(count, last + 1)));
      },
    ),
  );
});

test('workers that wait for a slow one continue when it has answered', async () => {
  let answer = () => {};
  const slow = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const executed: [number, number] = [0, 0];
  const worker = (index: 0 | 1) => async (order: number) => {
    if (order === 0) await slow;
    executed[index]++;
    return order;
  };
  const taken: number[] = [];
  const all = executeInOrder(numbers(2000), [worker(0), worker(1)], (order) => {
    taken.push(order);
    return 'more';
  });
  await new Promise(setImmediate);
  const [, before] = executed;
  expect([executed[0], taken]).toEqual([0, []]);
  expect(before).toBeLessThan(1000);
  answer();
  await all;
  expect(taken).toEqual(numbers(2000));
  expect(executed[1]).toBeGreaterThan(before + 100);
});

test('the failure of one worker fails the whole execution', async () => {
  const failing = async () => {
    throw new Error('out of memory');
  };
  await expect(executeInOrder([1, 2], [failing], () => 'more')).rejects.toThrow('out of memory');
});
