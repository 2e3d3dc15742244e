/** Loads guests. */
import { LoadedGuest } from './loaded-guest.ts';
import { programNames as bundled } from './programs.ts';
import type { Guest, GuestOptions, GuestSource } from './types.ts';

/**
 * Loads a guest. It can be run any number of times.
 * @throws {OperatingError} if a file is missing, is no program for this machine, or an option or a device is invalid
 * @throws {AssemblyError} with all errors of a source
 */
export function loadGuest(from: GuestSource, options: GuestOptions = {}): Guest {
  return new LoadedGuest(from, options);
}

/** The names of the bundled programs, for {@link loadGuest}: `bank`, `hello`, … */
export function programNames(): string[] {
  return bundled();
}
