/** Groups: a group is one protected VM. */
import { type Codec, text } from '../base/codec.ts';

/** The form of a group's name. */
export const GROUP_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** The name of a group, the protected VM: lower case, digits and hyphens. */
export const groupName: Codec<string> = {
  write: (out, value) => text.write(out, value),
  read: (input) => {
    const value = text.read(input);
    return GROUP_NAME.test(value) ? value : input.fail('not the name of a group');
  },
};
