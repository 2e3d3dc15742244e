import { type Codec, text } from '../../base/codec.ts';
import { OperatingError } from '../../base/errors.ts';

/**
 * A value as a text. Only what `write` gives is accepted.
 * @param read may throw an {@link OperatingError}, or what JSON of another form leads to
 */
export const asText = <T>(write: (value: T) => string, read: (source: string) => T): Codec<T> => ({
  write: (out, value) => text.write(out, write(value)),
  read: (input) => {
    const source = text.read(input);
    let value: T;
    try {
      value = read(source);
    } catch (error) {
      if (!(error instanceof OperatingError || error instanceof SyntaxError || error instanceof TypeError))
        throw error;
      return input.fail(error.message);
    }
    return write(value) === source ? value : input.fail('a text in another form');
  },
});
