/**
 * The bundle of a worker thread: beside the program's own. Node.js runs no TypeScript in workers, so code that runs from
 * the sources, as tests do, takes the bundle that `npm run build` has made.
 */
export const workerFile = (name: string): URL =>
  new URL(import.meta.url.endsWith('.ts') ? `../../dist/${name}.js` : `./${name}.js`, import.meta.url);
