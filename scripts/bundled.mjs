/** The npm packages in the bundle. */
export const bundled = [
  '@preact/signals',
  '@preact/signals-core',
  '@opentelemetry/api',
  'bintrees',
  'chalk',
  'commander',
  'fflate',
  'preact',
  'prom-client',
  'seedrandom',
  'tdigest',
];
