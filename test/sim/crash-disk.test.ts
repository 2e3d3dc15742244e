import { crashEverywhere } from './crash-everywhere.ts';

crashEverywhere('journal', { spares: 1 });
crashEverywhere('sectors');
