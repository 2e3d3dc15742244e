/** Control's side of a host: asks, and gets answers. */
import { ControlClient } from './control.ts';
import { type HostAnswer, type HostRequest, hostAnswer, hostRequest } from './host-messages.ts';
import type { Link } from './wire/link.ts';

/** A client of a host, over one link. */
export class HostClient extends ControlClient<HostRequest['body'], HostAnswer['body']> {
  constructor(link: Link) {
    super(link, { request: hostRequest, answer: hostAnswer });
  }

  /** What the host does. @throws {OperatingError} as {@link ask} */
  status(): Promise<HostAnswer['body'] & { kind: 'status' }> {
    return this.askFor('status', { kind: 'status' });
  }
}
