/** What Linux says of processes, in /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The content of a file, or undefined: a process may end at any moment. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A process's resident memory in MB, and the number of its open descriptors; undefined when it has ended. */
export function usageOf(pid: number): { residentMb: number; descriptors: number } | undefined {
  const resident = /VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`) ?? '');
  const descriptors = namesIn(`/proc/${pid}/fd`).length;
  return resident ? { residentMb: Number(resident[1]) / 1024, descriptors } : undefined;
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** The words of a process's command line; none when it has ended. */
export const commandOf = (pid: number): string[] =>
  (read(`/proc/${pid}/cmdline`) ?? '').split('\0').slice(0, -1);

/** The ids of a process's children. */
export const childrenOf = (pid: number): number[] =>
  (read(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);

/** One socket of a process: its own port, and that of its peer, or 0. */
export interface SocketPorts {
  own: number;
  peer: number;
}

const portOf = (address: string): number => Number.parseInt(address.split(':')[1]!, 16);

/** The IPv4 sockets of a process. */
export function socketsOf(pid: number, protocol: 'tcp' | 'udp'): SocketPorts[] {
  const inodes = new Set<string>();
  for (const name of namesIn(`/proc/${pid}/fd`))
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`)) ?? [];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // It was closed meanwhile.
    }
  const lines = (read(`/proc/net/${protocol}`) ?? '').split('\n').slice(1);
  return lines.flatMap((line) => {
    const [, own, peer, , , , , , , inode] = line.trim().split(/\s+/);
    return inode !== undefined && inodes.has(inode) ? [{ own: portOf(own!), peer: portOf(peer!) }] : [];
  });
}
