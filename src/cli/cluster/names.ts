/** What the help texts of the commands need: no code of theirs is loaded for it. */

/** The directory of a cluster unless `--dir` names another. */
export const DEFAULT_DIRECTORY = '.vmft';

/** `text`: for people. `json`: an object a line, with `time` (RFC 3339), `process`, `message`, and fields of the event. */
export const logFormats = ['text', 'json'] as const;
/** See {@link logFormats}. */
export type LogFormat = (typeof logFormats)[number];
