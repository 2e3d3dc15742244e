/** Performs a replica's effects on the ports; the answers become its inputs. */
import { unreachable } from '../base/assert.ts';
import type { Effect, ReplicaInput } from '../ft/effects.ts';
import { type EdgeOutput, lastOf } from '../vmm/outputs.ts';
import type { Ports } from './ports.ts';

/** An effect outside the host. */
export type OutsideEffect = Exclude<Effect, { do: 'ran' | 'copied' | 'timer' | 'note' | 'stop' }>;

/** Performs an effect; `deliver` receives the answers later. Long: a case for each effect. */
export function perform(
  effect: OutsideEffect,
  { transport, generations, edge, disk }: Omit<Ports, 'clock'>,
  deliver: (input: ReplicaInput) => void,
): void {
  const received = (number: number, frame: Uint8Array) => deliver({ kind: 'frame', number, frame });
  switch (effect.do) {
    case 'send':
      return transport.stream(effect.to, effect.bytes);
    case 'datagram':
      return transport.datagram(effect.to, effect.bytes);
    case 'release': {
      const delivered = (output: EdgeOutput) =>
        deliver({
          kind: 'delivered',
          edge: output.kind === 'console' ? 'console' : 'switch',
          number: lastOf(output),
        });
      return edge.release(effect, delivered, received);
    }
    case 'listen':
      return edge.listen(effect.offset, effect.generation, (offset, data) =>
        deliver({ kind: 'typed', offset, data }),
      );
    case 'announce':
      return edge.announce(effect.frame, effect.nextFrame, effect.generation, received);
    case 'inputs-held':
      return edge.inputsHeld(effect.frames, effect.typed, effect.generation);
    case 'disk':
      return disk.perform(effect, (status, data) =>
        deliver({ kind: 'disk-done', id: effect.id, status, data }),
      );
    case 'claim': {
      const { generation, record } = effect;
      return generations.claim(generation, record, (standing) =>
        deliver({ kind: 'record', generation, record: standing }),
      );
    }
    case 'read-generation': {
      const { generation } = effect;
      return generations.read(generation, (record) => deliver({ kind: 'record', generation, record }));
    }
    default:
      return unreachable(effect);
  }
}
