/** The address of a run in the playground, which has the bundled programs and their own machines. */
import { join, relative, resolve } from 'node:path';
import { sameBytes } from '../base/bytes.ts';
import { OperatingError } from '../base/errors.ts';
import { packageRoot } from '../lib/package.ts';
import { linkText } from '../sim/session/link.ts';
import type { RunSpec } from '../sim/spec/spec.ts';
import { storyText } from '../sim/story/story-text.ts';
import { descriptionHash, type MachineDescription } from '../vmm/description.ts';
import { DEFAULT_PORT, HOST } from './playground-address.ts';
import { describeMachine, ownInput } from './program.ts';

/** What a run is a function of. */
interface LinkedRun {
  /** The program's file. */
  path: string;
  spec: RunSpec;
  description: MachineDescription;
  /** Numbers for the assembler, by name. */
  defines: readonly [string, bigint][];
  input: Uint8Array;
}

/** The address of a story, where `vmft play` serves the playground by default. */
export const playgroundAddress = (story: string): string =>
  `http://${HOST}:${DEFAULT_PORT}/#${linkText({ story, focus: { atNs: 0, host: 'primary', icount: 0 } })}`;

/** The address of a run; undefined if the page can't make that run: of another program, say, or with other devices. */
export function addressOfRun({ path, spec, description, defines, input }: LinkedRun): string | undefined {
  const programs = join(packageRoot(), 'programs');
  const [, guest] = /^([^/.]+)(?:\.s|\/\1\.elf)$/.exec(relative(programs, resolve(path))) ?? [];
  if (guest === undefined) return undefined;
  const { memorySizeBytes } = description;
  const bundled = describeMachine(path, {
    memory: memorySizeBytes,
    clients: spec.clients,
    ...(defines.length > 0 && { defsym: [...defines] }),
  });
  if (descriptionHash(bundled) !== descriptionHash(description)) return undefined;
  const typed = sameBytes(input, ownInput(path)) ? undefined : new TextDecoder().decode(input);
  // A story types text only.
  if (typed !== undefined && !sameBytes(new TextEncoder().encode(typed), input)) return undefined;
  try {
    return playgroundAddress(storyText({ title: guest, guest, spec, defines, memorySizeBytes, typed }));
  } catch (error) {
    // Something else that a story can't say.
    if (error instanceof OperatingError) return undefined;
    throw error;
  }
}
