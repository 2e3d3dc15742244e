/** The worker's sessions: what its tasks do. */
import { AssemblyError } from '../../../asm/diagnostics.ts';
import type { Session } from '../../../sim/session/session.ts';
import { memoryDefaults } from '../../../sim/values/limits.ts';
import { search } from '../../search/search.ts';
import { type Files, guestOf, inputOf } from '../model/guests.ts';
import { machines } from './machines.ts';
import { running, sessionOf } from './run.ts';
import type { Workers } from './tasks.ts';

/** The most runs whose machines can be looked at. Each has memory for some machines. */
const MAX_SESSIONS = 4;

/** Makes what does the tasks. */
export function workersOf(files: Files): Workers {
  const sessions = new Map<number, Session>();
  return {
    *run({ run, setup }) {
      const session = sessionOf(files, setup);
      const result = yield* running(files, setup, session);
      // The order of the map is that of the last runs.
      sessions.delete(run);
      sessions.set(run, session);
      for (const old of [...sessions.keys()].slice(0, -MAX_SESSIONS)) sessions.delete(old);
      return result;
    },
    *machines({ run, setup, ...query }) {
      let session = sessions.get(run);
      if (!session) {
        session = sessionOf(files, setup);
        yield* session.seeking('end');
        sessions.set(run, session);
      }
      return yield* machines(session, query);
    },
    *check({ guest, source }) {
      yield;
      try {
        guestOf(files, guest, { source, memorySizeBytes: memoryDefaults.story, defines: [], clients: 0 });
        return [];
      } catch (error) {
        if (error instanceof AssemblyError) return error.diagnostics;
        throw error;
      }
    },
    *search(request) {
      const { guest, clients } = request;
      const setting = { memorySizeBytes: memoryDefaults.campaign, defines: [], clients };
      const { description } = guestOf(files, guest, setting);
      return yield* search(request, { description, input: inputOf(files, guest), clients });
    },
  };
}
