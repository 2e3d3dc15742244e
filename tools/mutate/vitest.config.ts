/**
 * The unit tests of protocol, simulator and checkers, on sources with the mutation that `VMFT_MUTATION` names in them.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { mutated, pathOf } from './mutation.ts';
import { mutations } from './mutations.ts';

const mutation = mutations.find(({ name }) => name === process.env.VMFT_MUTATION);

/** Whether a test imports the mutated file. */
const imports = (test: string): boolean =>
  mutation !== undefined && readFileSync(test, 'utf8').includes(`/${basename(mutation.file)}'`);

/**
 * A run ends at the first failing test, so those of the mutated file come first, then the protocol's, which are quick.
 */
class NearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.sort(
      ({ moduleId: a }, { moduleId: b }) => Number(imports(b)) - Number(imports(a)) || a.localeCompare(b),
    );
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
    include: ['test/{check,cluster,ft,sim}/**/*.test.ts'],
    // Campaigns and stories are separate stages; crashes at every position are a campaign, too.
    exclude: ['test/sim/{campaign,stories,crash-*}.test.ts'],
    sequence: { sequencer: NearestFirst },
    pool: 'forks',
    // One process for all, to load modules once.
    isolate: false,
    maxWorkers: 1,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
