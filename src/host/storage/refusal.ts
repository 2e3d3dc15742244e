import { OperatingError } from '../../base/errors.ts';

/** A request that the storage service does not grant, and will not when it is repeated. */
export class Refusal extends OperatingError {
  override name = 'Refusal';
}

/** A request that no correct client sends: its link is closed. */
export class Violation extends Refusal {
  override name = 'Violation';
}
