/** The npm packages that the program consists of, beside its own code: the build bundles them, with their licenses. */
export const bundled = ['chalk', 'commander', 'fflate', 'seedrandom'];
