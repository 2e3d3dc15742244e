import { inFile } from '../mutation.ts';

export const checkers = [
  ...inFile('sim/checkers/checkers.ts', {
    'edge-rule-checker-off1': ['member === host || known >= last', 'member === host || known + 1 >= last'],
  }),
];
