import type { Diagnostic } from '../../asm/assemble.ts';
import type { OpenCodeView } from './code-view.ts';
import type { Drafts } from './drafts.ts';

/** What the editor of a program is given. */
export interface EditorProps {
  /** The program's name: of its draft, too. */
  name: string;
  /** The bundled source. */
  source: string;
  drafts: Drafts;
  /** The assembler's errors in a source; none if it assembles. A rejection is shown as a message. */
  check(source: string): Promise<readonly Diagnostic[]>;
  /** Runs a source that assembles: the button, or Ctrl-Enter. */
  onRun(source: string): void;
  /** Fetches the editor's script, once; see `scriptOf` in load.ts. */
  load(): Promise<OpenCodeView>;
}
