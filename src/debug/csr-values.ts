/** What CSRs read as, without the effects of reading them: no door is used. */
import { unreachable } from '../base/assert.ts';
import { type Csr, MSTATUS } from '../cpu/csrs.ts';
import type { HartWord } from '../cpu/layout.ts';
import type { Machine } from '../vmm/machine.ts';

const U64 = 2n ** 64n - 1n;

/**
 * The value of a CSR. `time` is the latest time that the guest has read, and `seed` is 0: both would be read through a
 * door. Long: an arm for each kind of access.
 */
export function csrValue(machine: Machine, { access }: Csr): bigint {
  const { hart } = machine;
  const get = (word: HartWord) => hart.get(word);
  switch (access.is) {
    case 'word':
    case 'pmpcfg':
      return get(access.word);
    case 'pmpaddr':
      return get(`pmpaddr${access.index}` as HartWord);
    case 'constant':
      return access.value;
    case 'counter':
      return (get('icount') + get(access.word)) & U64;
    case 'status': {
      const status = get('mstatus') | MSTATUS.UXL_64 | MSTATUS.SXL_64;
      const isDirty = (status & MSTATUS.FS) === MSTATUS.FS;
      return (isDirty ? status | MSTATUS.SD : status) & access.readable;
    }
    case 'fcsr':
      return (get('fcsr') >> BigInt(access.shift)) & ((1n << BigInt(access.bits)) - 1n);
    case 'mip':
      return get('mip') | get('lines');
    case 'sip':
      return (get('mip') | get('lines')) & get('mideleg');
    case 'sie':
      return get('mie') & get('mideleg');
    case 'satp':
      return get('satp');
    case 'time':
      return BigInt(machine.lastKnownTicks);
    case 'seed':
      return 0n;
    default:
      return unreachable(access);
  }
}
