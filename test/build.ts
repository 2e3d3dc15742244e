/** The program is built once, and not by every file that runs it: one would take it away from the other. */
export { build as setup } from '../scripts/build.mjs';
