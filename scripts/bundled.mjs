/** The npm packages in the bundle. */
export const bundled = ['chalk', 'commander', 'fflate', 'seedrandom'];
