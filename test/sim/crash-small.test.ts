import { crashEverywhere } from './crash-everywhere.ts';

for (const name of ['hello', 'primes', 'clock', 'dice', 'uuid'] as const) crashEverywhere(name);
