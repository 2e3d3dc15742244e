/** Text with meaning: what a run is told in. A terminal shows it in colours, a page as it likes. */

/** What a piece of text is. Each has a look of its own where there are colours; without them nothing is lost. */
export type Style =
  /** A title, the head of a table. */
  | 'heading'
  /** What stands beside what is told: times, commands to see it again, what was left out. */
  | 'aside'
  /** Prose for the reader. */
  | 'explanation'
  /** What the guest's console has printed. */
  | 'console'
  /** The names of the hosts that boot as the first primary and the first backup. */
  | 'primary'
  | 'backup'
  /** What an operator asks for, and names that can be given to a command. */
  | 'command'
  /** As it should be; and the moment at which the service goes on. */
  | 'good'
  | 'live'
  /** What somebody should know of; a failure; one that must not be, or ends a machine. */
  | 'warning'
  | 'bad'
  | 'alarm';

/** A piece of text, plain where it has no style. It may have line breaks. */
export type Span = string | { text: string; style: Style };

export type Line = readonly Span[];

export const styled = (style: Style, text: string): Span => ({ text, style });

/** A line of one style. */
export const line = (style: Style, text: string): Line => [styled(style, text)];

/** A line without its styles. */
export const plainText = (spans: Line): string =>
  spans.map((span) => (typeof span === 'string' ? span : span.text)).join('');
