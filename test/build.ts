/** The program is built once, and not by every file that runs it: concurrent builds would remove each other's. */
export { build as setup } from '../scripts/build.mjs';
