import { crashEverywhere } from './crash-everywhere.ts';

crashEverywhere('bank', { spares: 1 });
