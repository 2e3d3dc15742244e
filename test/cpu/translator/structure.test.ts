/** Any graph of blocks behaves as WebAssembly as when it is walked. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reserves } from '../../../src/cpu/translator/reserves.ts';
import { emitGraph, type Graph } from '../../../src/cpu/translator/structure.ts';
import { ModuleBuilder } from '../../../src/cpu/wasm/module.ts';
import { examples } from '../../thorough.ts';

/** Nodes by number; each goes to up to two others, by a bit of a number that every step shifts. */
const graphs = fc.integer({ min: 1, max: 14 }).chain((size) => {
  const node = fc.nat(size - 1);
  return fc.record({
    ways: fc.array(fc.array(node, { maxLength: 2 }), { minLength: size, maxLength: size }),
    entries: fc.uniqueArray(node, { minLength: 1, maxLength: 5 }),
  });
});

type Ways = readonly (readonly number[])[];

const reachable = (ways: Ways, entries: readonly number[]): number[] => {
  const seen = new Set<number>();
  const visit = (node: number): void => {
    if (seen.has(node)) return;
    seen.add(node);
    ways[node]!.forEach(visit);
  };
  entries.forEach(visit);
  return [...seen];
};

const graphOf = (ways: Ways, entries: readonly number[]): Graph<number> => ({
  nodes: reachable(ways, entries),
  successors: new Map(ways.map((to, node) => [node, [...new Set(to)]])),
  entries,
});

const MAX_STEPS = 40;

/** The nodes that are passed, starting at one of the entries. */
function walk(ways: Ways, entry: number, bits: number): number[] {
  const passed: number[] = [];
  let rest = bits;
  for (let node: number | undefined = entry; node !== undefined && passed.length < MAX_STEPS; ) {
    passed.push(node);
    const to: readonly number[] = ways[node]!;
    node = to.length === 2 ? to[rest & 1] : to[0];
    rest >>>= 1;
  }
  return passed;
}

/** The same as a generated function: (which entry, bits) → how many nodes were passed; their numbers lie in memory. */
function compile(graph: Graph<number>, ways: Ways) {
  const module = new ModuleBuilder();
  module.function({ params: ['i32', 'i32'], results: ['i32'], exportAs: 'run' }, (body) => {
    const [choice, bits] = [0, 1];
    const count = body.local('i32');
    emitGraph(body, graph, choice, (node, go) => {
      const leave = () => body.get(count).op('return');
      body.get(count).i32(MAX_STEPS).op('i32.ge_u');
      body.if(leave);
      body.get(count).i32(node).access('i32.store8', 0);
      body.get(count).i32(1).op('i32.add').set(count);
      const [first, second] = ways[node]!;
      if (first === undefined) return leave();
      body.get(bits).get(bits).i32(1).op('i32.shr_u').set(bits);
      if (second === undefined) {
        body.op('drop');
        return go(first);
      }
      body.i32(1).op('i32.and');
      body.if(() => go(second));
      go(first);
    });
    body.op('unreachable');
  });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env: { memory } });
  return (entry: number, bits: number): number[] => {
    const passed = (exports.run as (entry: number, bits: number) => number)(entry, bits);
    return [...new Uint8Array(memory.buffer, 0, passed)];
  };
}

test('generated code passes the same nodes as a walk of the graph', () => {
  fc.assert(
    fc.property(graphs, fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), ({ ways, entries }, seeds) => {
      const run = compile(graphOf(ways, entries), ways);
      for (const bits of seeds)
        entries.forEach((entry, index) => {
          expect(run(index, bits)).toEqual(walk(ways, entry, bits));
        });
    }),
    { numRuns: examples(500) },
  );
});

test('no path is longer than the number of steps reserved at its start', () => {
  fc.assert(
    fc.property(
      graphs,
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 14, maxLength: 14 }),
      fc.integer({ min: 1, max: 30 }),
      fc.nat(),
      ({ ways, entries }, steps, most, bits) => {
        const reserved = reserves(graphOf(ways, entries), (node) => steps[node]!, most);
        for (const entry of entries) {
          let left = 0;
          expect(reserved.has(entry)).toBe(true);
          for (const node of walk(ways, entry, bits)) {
            const asked = reserved.get(node);
            if (asked !== undefined) {
              expect(asked).toBeLessThanOrEqual(Math.max(most, steps[node]!));
              left = asked;
            }
            left -= steps[node]!;
            expect(left).toBeGreaterThanOrEqual(0);
          }
        }
      },
    ),
    { numRuns: examples(1000) },
  );
});
