/** Loading guests. */
import { LoadedGuest } from './loaded-guest.ts';
import { programNames as bundled } from './programs.ts';
import type { Guest, GuestOptions, GuestSource } from './types.ts';

/**
 * Loads a guest, to be run as often as you like.
 * @throws {OperatingError} when there is none, it is nothing that this machine can run, or a device can't be had
 * @throws {AssemblyError} with all mistakes of a source
 */
export function loadGuest(from: GuestSource, options: GuestOptions = {}): Guest {
  return new LoadedGuest(from, options);
}

/** The names of the bundled programs, for {@link loadGuest}: `bank`, `hello`, … */
export function programNames(): string[] {
  return bundled();
}
