/** The editor of code, which is a script of its own: what the page knows of it. */
import type { Diagnostic } from '../../asm/assemble.ts';

/** An open editor of a text. */
export interface CodeView {
  /** The text, with `\n` at the ends of lines. */
  readonly text: string;
  /** Replaces the text; undo brings the old one back. */
  replace(text: string): void;
  /** Underlines the assembler's errors in the file that is edited. */
  show(errors: readonly Diagnostic[]): void;
  /** Puts the cursor where the assembler says; both count from 1. */
  goTo(line: number, column: number): void;
  focus(): void;
  close(): void;
}

/** How an editor is opened. */
export interface CodeViewOptions {
  /** The name for assistive technology. */
  label: string;
  text: string;
  changed(): void;
  /** Ctrl-Enter, or Command-Enter. */
  run(): void;
}

/** Opens an editor inside an empty element. */
export type OpenCodeView = (parent: HTMLElement, options: CodeViewOptions) => CodeView;
