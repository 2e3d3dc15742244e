/** The npm packages in the bundle. */
export const bundled = [
  '@opentelemetry/api',
  'bintrees',
  'chalk',
  'commander',
  'fflate',
  'prom-client',
  'seedrandom',
  'tdigest',
];
