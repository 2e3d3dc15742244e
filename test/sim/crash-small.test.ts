import { crashEverywhere } from './crash-everywhere.ts';

crashEverywhere('clock', { spares: 1 });
for (const name of ['hello', 'primes', 'dice', 'uuid'] as const) crashEverywhere(name);
