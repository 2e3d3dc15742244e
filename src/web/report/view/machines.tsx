/** Both machines at one position, and where they differ. */
import type { PageMachines, PageRegister } from '../../../report/page/page-data.ts';
import { icountAt, stateAt } from '../model/run.ts';
import { grouped, timeText } from '../model/time.ts';
import type { Page } from './state.ts';

/** The registers of the integer hart come first: pc and x0 to x31. */
const INTEGER = 33;

/** Where each machine is, and both where they were compared. */
export function MachinesView({ page }: { page: Page }) {
  const { machines, hosts } = page.run.data;
  const { atNs } = page.focus.value;
  return (
    <section aria-labelledby="machines">
      <h2 id="machines">
        The machines <small>at {timeText(atNs)}</small>
      </h2>
      <table class="positions">
        <thead>
          <tr>
            <th scope="col">host</th>
            <th scope="col">is</th>
            <th scope="col" class="number">
              instruction
            </th>
          </tr>
        </thead>
        <tbody>
          {hosts.map((host) => {
            const icount = icountAt(page.run, host, atNs);
            return (
              <tr key={host} aria-current={host === page.focus.value.host ? 'true' : undefined}>
                <th scope="row">{host}</th>
                <td>{stateAt(page.run, host, atNs)}</td>
                <td class="number">{icount === undefined ? '–' : grouped(icount)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {machines ? (
        <Compared machines={machines} />
      ) : (
        <p class="hint">There is no second machine to compare with.</p>
      )}
    </section>
  );
}

function Compared({ machines }: { machines: PageMachines }) {
  const { icount, place, names, equal, registers, devices, pages } = machines;
  const [integer, others] = [registers.slice(0, INTEGER), registers.slice(INTEGER)];
  const differing = others.filter(({ a, b }) => a !== b);
  return (
    <>
      <h3>
        {names.join(' and ')} at instruction {grouped(icount)}
      </h3>
      <p class={equal ? 'good' : 'bad'}>
        {equal ? 'equal in every bit' : 'they differ'}, {place}
      </p>
      <Registers registers={[...integer, ...differing]} />
      <details>
        <summary>{others.length - differing.length} more registers and CSRs, all equal</summary>
        <Registers registers={others.filter(({ a, b }) => a === b)} />
      </details>
      <p class={devices.length === 0 ? 'hint' : 'bad'}>
        devices: {devices.length === 0 ? 'all equal' : devices.join(', ')}; memory pages:{' '}
        {pages.length === 0 ? 'all equal' : pages.join(', ')}
      </p>
    </>
  );
}

function Registers({ registers }: { registers: readonly PageRegister[] }) {
  return (
    <dl class="registers">
      {registers.map(({ name, a, b }) => (
        <div key={name} class={a === b ? undefined : 'differs'}>
          <dt>{name}</dt>
          <dd>
            <Hex value={a} />
            {a !== b && <Hex value={b} />}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** A value whose leading zeros are faint. */
export function Hex({ value }: { value: string }) {
  const zeros = /^0*(?=.)/.exec(value)![0];
  return (
    <code>
      <i>{zeros}</i>
      {value.slice(zeros.length)}
    </code>
  );
}
