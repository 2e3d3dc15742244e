/** The command line that a shell splits into these arguments. */
export const shellText = (args: readonly string[]): string =>
  ['vmft', ...args]
    .map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`))
    .join(' ');
