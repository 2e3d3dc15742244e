/** Where `vmft play` serves the playground, unless it is told otherwise. */
export const HOST = '127.0.0.1';
/** See {@link HOST}. */
export const DEFAULT_PORT = 8080;
