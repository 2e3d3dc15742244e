/** The unit tests of protocol, simulator and checkers, on sources with the mutation that `VMFT_MUTATION` names in them. */
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { mutated, pathOf } from './mutation.ts';
import { mutations } from './mutations.ts';

const mutation = mutations.find(({ name }) => name === process.env.VMFT_MUTATION);

/** The protocol's own tests first: they are the quick ones, and the first that fails is the last. */
class ByPath extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.sort((a, b) => a.moduleId.localeCompare(b.moduleId));
  }
}

export default defineConfig({
  plugins: [
    {
      name: 'mutation',
      enforce: 'pre',
      load: (id) => (mutation && id === pathOf(mutation) ? mutated(mutation) : null),
    },
  ],
  test: {
    include: ['test/{ft,sim}/**/*.test.ts'],
    // Campaigns and stories have stages of their own; crashes at every position are a campaign, too.
    exclude: ['test/sim/{campaign,stories,crash-*}.test.ts'],
    sequence: { sequencer: ByPath },
    pool: 'forks',
    // One process for all: they share what was loaded.
    isolate: false,
    maxWorkers: 1,
    testTimeout: 300_000,
  },
});
