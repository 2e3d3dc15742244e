import { crashEverywhere } from './crash-everywhere.ts';

for (const name of ['clock', 'hello', 'primes', 'dice', 'uuid'] as const) crashEverywhere(name);
