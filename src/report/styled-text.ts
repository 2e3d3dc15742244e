/** Styled text: reports mark what text means, and whoever prints it chooses the colours. */

/** The meaning of a piece of text. Colours only repeat what the text says. */
export type Style =
  /** A title, or the head of a table. */
  | 'heading'
  /** Secondary text: times, commands that reproduce a run, counts of omitted rows. */
  | 'aside'
  /** Prose for the reader. */
  | 'explanation'
  /** The guest's console output. */
  | 'console'
  /** The hosts that boot as primary and as first backup. */
  | 'primary'
  | 'backup'
  /** An operator's commands, and names that a command takes. */
  | 'command'
  /** Success; a backup goes live. */
  | 'good'
  | 'live'
  /** A warning; a failure; a violation, or the end of a machine. */
  | 'warning'
  | 'bad'
  | 'alarm';

/** A piece of text, plain without a style. It may contain line breaks. */
export type Span = string | { text: string; style: Style };

/** A line as its spans. */
export type Line = readonly Span[];

/** A text with a style. */
export const styled = (style: Style, text: string): Span => ({ text, style });

/** A line of one style. */
export const line = (style: Style, text: string): Line => [styled(style, text)];

/** A line without its styles. */
export const plainText = (spans: Line): string =>
  spans.map((span) => (typeof span === 'string' ? span : span.text)).join('');
