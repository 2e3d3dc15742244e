/** A cut between two hosts of this machine: rules of nftables for the ports of their links and datagrams. */
import { execFileSync } from 'node:child_process';
import { socketsOf } from './proc.ts';

/** One side. */
export interface Side {
  name: string;
  pid: number;
  /** Where it listens, for links and datagrams. */
  port: number;
}

const nft = (rules: string): void => {
  execFileSync('nft', ['-f', '-'], { input: rules, stdio: ['pipe', 'ignore', 'pipe'] });
};

const table = (): string => `inet vmft_soak_${process.pid}`;

/** Why hosts can't be cut off from each other here; undefined if they can. */
export function whyNoPartitions(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may set rules of nftables';
  try {
    nft(`add table ${table()}\ndelete table ${table()}\n`);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'nft is not installed' : message.trim().split('\n').at(-1);
  }
}

/**
 * Drops all that goes between two hosts: on links that stand and of their datagrams. A link that is being made can't be
 * told from those of others, so none to either of them is accepted meanwhile.
 */
export function cut(a: Side, b: Side): void {
  const between = (from: Side, to: Side) => [
    ...socketsOf(from.pid, 'tcp')
      .filter(({ peer }) => peer === to.port)
      .flatMap(({ own }) => [
        `tcp sport ${own} tcp dport ${to.port} drop`,
        `tcp sport ${to.port} tcp dport ${own} drop`,
      ]),
    `tcp dport ${to.port} tcp flags & (syn | ack) == syn drop`,
    ...socketsOf(from.pid, 'udp').map(({ own }) => `udp sport ${own} udp dport ${to.port} drop`),
  ];
  // At the receiver: what is dropped at the sender is an error to it, which no network reports.
  const chain = '  chain arriving {\n    type filter hook input priority 0;';
  const rules = [...between(a, b), ...between(b, a)].map((rule) => `    ${rule}`);
  nft(`table ${table()} {\n${[chain, ...rules].join('\n')}\n  }\n}\n`);
}

/** Removes all cuts. */
export function heal(): void {
  nft(`add table ${table()}\ndelete table ${table()}\n`);
}
