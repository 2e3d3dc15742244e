/** The machine of the host that is looked at, beside another one at the same instruction. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { icountAt } from '../../report/model/run.ts';
import { grouped } from '../../report/model/time.ts';
import { Hex } from '../../report/view/machines.tsx';
import type { Page } from '../../report/view/state.ts';
import type { MachineAnswer, MachineState, MachinesQuery, Register } from '../worker/machines.ts';

interface MachinesProps {
  page: Page;
  /** Asks the worker; undefined when a newer question has ended this one. */
  ask: (query: MachinesQuery) => Promise<MachineAnswer[] | undefined>;
}

/** Bytes in a row of memory. */
const ROW_BYTES = 16;

/** See above. */
export function MachinesView({ page, ask }: MachinesProps) {
  const { run, focus } = page;
  const { hosts } = run.data;
  const { atNs, host } = focus.value;
  const icount = icountAt(run, host, atNs);
  const second = useSignal(hosts[1]);
  const other = second.value !== host && hosts.includes(second.value!) ? second.value : undefined;
  const addressText = useSignal('');
  const address = /^(0x)?[0-9a-f]{1,16}$/i.test(addressText.value)
    ? BigInt(`0x${addressText.value.replace(/^0x/i, '')}`)
    : undefined;
  const answers = useSignal<MachineAnswer[]>([]);
  const failure = useSignal<string | undefined>(undefined);
  useEffect(() => {
    if (icount === undefined) {
      answers.value = [];
      return;
    }
    let isOld = false;
    ask({ hosts: [host, ...(other === undefined ? [] : [other])], icount, atNs, address }).then(
      (found) => {
        if (isOld || !found) return;
        answers.value = found;
        failure.value = undefined;
      },
      (error: Error) => {
        if (!isOld) failure.value = error.message;
      },
    );
    return () => {
      isOld = true;
    };
  }, [page, host, other, icount, address]);
  const [first, beside] = answers.value;
  return (
    <section aria-labelledby="machines" class="machines">
      <div class="head">
        <h2 id="machines">
          {host}{' '}
          <small>{icount === undefined ? 'has no machine' : `at instruction ${grouped(icount)}`}</small>
        </h2>
        <div class="tools">
          <label>
            beside{' '}
            <select
              value={other ?? ''}
              onChange={(event) => {
                second.value = event.currentTarget.value;
              }}
            >
              <option value="">no other</option>
              {hosts
                .filter((one) => one !== host)
                .map((one) => (
                  <option key={one} value={one}>
                    {one}
                  </option>
                ))}
            </select>
          </label>
        </div>
      </div>
      {failure.value !== undefined && <p class="bad">{failure.value}</p>}
      {icount !== undefined && first && <Compared first={first} beside={beside} />}
      {icount !== undefined && first && 'memory' in first && (
        <Memory
          first={first}
          beside={beside}
          text={addressText.value}
          set={(text) => {
            addressText.value = text;
          }}
          isWrong={addressText.value !== '' && address === undefined}
        />
      )}
    </section>
  );
}

function Compared({ first, beside }: { first: MachineAnswer; beside: MachineAnswer | undefined }) {
  if (!('registers' in first)) return <p class="hint">{first.why}</p>;
  const other = beside && 'registers' in beside && beside.icount === first.icount ? beside : undefined;
  const { tone, text } = verdictOf(first, beside, other);
  return (
    <>
      <p class={tone}>{text}</p>
      {first.contradicts !== undefined && <p class="bad">{first.contradicts}</p>}
      <div class="code-and-registers">
        <table class="instructions mono">
          <caption class="hint">instructions</caption>
          <tbody>
            {first.instructions.map(({ address, word, text, isPc }) => (
              <tr key={address} aria-current={isPc ? 'true' : undefined}>
                <td>{isPc ? '▸' : ''}</td>
                <td class="address">{address}</td>
                <td class="word">{word}</td>
                <td>{text}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <Registers registers={first.registers.slice(0, 33)} beside={other?.registers} />
      </div>
      <details>
        <summary>floating point and CSRs{other && `: ${differing(first, other)} differ`}</summary>
        <Registers
          registers={[...first.registers.slice(33), ...first.csrs]}
          beside={other && [...other.registers, ...other.csrs]}
        />
      </details>
    </>
  );
}

function verdictOf(
  first: MachineState,
  beside: MachineAnswer | undefined,
  other: MachineState | undefined,
): { tone: 'good' | 'bad' | 'hint'; text: string } {
  const { host, stateHash, inputsHere } = first;
  if (!beside) return { tone: 'hint', text: `state hash ${stateHash}` };
  if ('why' in beside) return { tone: 'hint', text: beside.why };
  if (!other)
    return { tone: 'hint', text: `${beside.host} gets only to instruction ${grouped(beside.icount)}` };
  if (other.stateHash === stateHash)
    return {
      tone: 'good',
      text: `${host} and ${other.host} are equal in every bit: state hash ${stateHash}`,
    };
  const more = other.inputsHere - inputsHere;
  if (more !== 0) {
    const [further, count] = more > 0 ? [other.host, more] : [host, -more];
    const inputs = count === 1 ? 'an input' : `${count} inputs`;
    return {
      tone: 'hint',
      text: `${further} has had ${inputs} more here; one instruction back they compare`,
    };
  }
  return {
    tone: 'bad',
    text: `${host} and ${other.host} differ: state hashes ${stateHash} and ${other.stateHash}`,
  };
}

const differing = (a: MachineState, b: MachineState): number =>
  [...a.registers.slice(33), ...a.csrs].filter(
    ({ name, value }) => [...b.registers, ...b.csrs].find((one) => one.name === name)?.value !== value,
  ).length;

function Registers({
  registers,
  beside,
}: {
  registers: readonly Register[];
  beside: readonly Register[] | undefined;
}) {
  const others = new Map(beside?.map(({ name, value }) => [name, value]));
  return (
    <dl class="registers">
      {registers.map(({ name, value }) => {
        const other = others.get(name) ?? value;
        return (
          <div key={name} class={other === value ? undefined : 'differs'}>
            <dt>{name}</dt>
            <dd>
              <Hex value={value} />
              {other !== value && <Hex value={other} />}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

interface MemoryProps {
  first: MachineState;
  beside: MachineAnswer | undefined;
  text: string;
  set: (text: string) => void;
  isWrong: boolean;
}

function Memory({ first, beside, text, set, isWrong }: MemoryProps) {
  const { address, bytes } = first.memory;
  const other = beside && 'memory' in beside && beside.icount === first.icount ? beside.memory.bytes : bytes;
  const rows = Array.from({ length: Math.ceil(bytes.length / ROW_BYTES) }, (_, row) => row * ROW_BYTES);
  return (
    <div class="memory">
      <label>
        memory at{' '}
        <input
          class="mono"
          value={text}
          placeholder="sp"
          aria-invalid={isWrong}
          aria-label="memory at, a hexadecimal address"
          onInput={(event) => set(event.currentTarget.value.trim())}
        />
      </label>
      {isWrong && <span class="bad"> a hexadecimal number, like 0x80000000</span>}
      {bytes.length === 0 && <p class="hint">Nothing is mapped there.</p>}
      <pre class="mono" tabIndex={0}>
        {rows.map((from) => (
          <div key={from}>
            <i>{(address + BigInt(from)).toString(16).padStart(8, '0')}</i>{' '}
            {[...bytes.subarray(from, from + ROW_BYTES)].map((byte, at) => (
              <span key={at} class={other[from + at] === byte ? undefined : 'differs'}>
                {byte.toString(16).padStart(2, '0')}{' '}
              </span>
            ))}
            <i>{printable(bytes.subarray(from, from + ROW_BYTES))}</i>
          </div>
        ))}
      </pre>
    </div>
  );
}

const printable = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('');
