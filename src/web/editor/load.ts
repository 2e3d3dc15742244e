/** Loads the editor of code, which the page carries as a text. */
import type { OpenCodeView } from './code-view.ts';

/** What the script leaves behind. */
type Loaded = typeof globalThis & { openCodeView?: OpenCodeView };

/**
 * Runs the script of code-mirror.ts as an inline one; the page's policy must have its hash.
 * @throws {Error} if the policy does not admit it
 */
export function codeViewOf(script: string): OpenCodeView {
  const loaded = globalThis as Loaded;
  if (!loaded.openCodeView) {
    const element = document.createElement('script');
    element.textContent = script;
    // It runs as soon as it is in the document.
    document.head.append(element);
    element.remove();
  }
  if (!loaded.openCodeView) throw new Error("this page's policy does not admit the editor's script");
  return loaded.openCodeView;
}
