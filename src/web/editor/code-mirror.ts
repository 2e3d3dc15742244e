/**
 * The editor of code, by CodeMirror. It is a script of its own, which the page runs when the editor is first opened
 * (load.ts). It stands in a shadow tree, whose style sheets are made by script: the page's policy admits no others.
 */
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import {
  bracketMatching,
  HighlightStyle,
  indentUnit,
  StreamLanguage,
  syntaxHighlighting,
} from '@codemirror/language';
import { lintGutter, lintKeymap, type Diagnostic as Mark, setDiagnostics } from '@codemirror/lint';
import { search, searchKeymap } from '@codemirror/search';
import { EditorState, Prec, type Text } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  type KeyBinding,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { Diagnostic } from '../../asm/diagnostics.ts';
import { type Parts, partsOf } from './assembly-mode.ts';
import type { OpenCodeView } from './code-view.ts';
import { theme } from './theme.ts';

const kinds = {
  comment: tags.comment,
  label: tags.labelName,
  directive: tags.keyword,
  instruction: tags.operatorKeyword,
  register: tags.atom,
  name: tags.name,
  number: tags.number,
  string: tags.string,
  punctuation: tags.punctuation,
};

const assembly = StreamLanguage.define<Parts>({
  name: 'RISC-V assembly',
  startState: () => ({ parts: [], inComment: false }),
  token(stream, state) {
    if (stream.sol()) Object.assign(state, partsOf(stream.string, state.inComment));
    const part = state.parts.find(({ to }) => to > stream.pos);
    if (part && part.from <= stream.pos) {
      stream.pos = part.to;
      return part.kind;
    }
    stream.pos = part?.from ?? stream.string.length;
    return null;
  },
  tokenTable: kinds,
  languageData: { commentTokens: { line: '#', block: { open: '/*', close: '*/' } } },
});

const highlighting = HighlightStyle.define([
  { tag: kinds.comment, color: 'var(--dim)', fontStyle: 'italic' },
  { tag: kinds.label, fontWeight: '600' },
  { tag: kinds.directive, color: 'var(--storage)' },
  { tag: kinds.instruction, color: 'var(--live)' },
  { tag: kinds.register, color: 'var(--out)' },
  // Amber, with enough contrast for text.
  { tag: kinds.string, color: 'color-mix(in srgb, var(--held) 55%, var(--ink))' },
]);

/** The place of an error in a text that may have changed since. */
function positionOf(text: Text, line: number, column: number): number {
  const { from, to } = text.line(Math.min(Math.max(1, line), text.lines));
  return Math.min(from + Math.max(0, column - 1), to);
}

/** An error, from its column to the end of the word there. */
function markOf(text: Text, { line, column, message }: Diagnostic): Mark {
  const from = positionOf(text, line, column);
  const { to } = text.lineAt(from);
  const word = /^[\w.$]+|^[^\s]/.exec(text.sliceString(from, to));
  return { from, to: from + (word?.[0].length ?? 0), severity: 'error', message };
}

/** Until the editor is left or something is typed, Tab moves the focus. */
const leave: KeyBinding = {
  key: 'Escape',
  run(view) {
    view.setTabFocusMode(true);
    return false;
  },
};

const openCodeView: OpenCodeView = (parent, { label, text, changed, run }) => {
  const root = parent.shadowRoot ?? parent.attachShadow({ mode: 'open' });
  const runs = () => {
    run();
    return true;
  };
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        Prec.highest(keymap.of([{ key: 'Mod-Enter', run: runs }, leave])),
        EditorView.domEventHandlers({ focus: (_, target) => target.setTabFocusMode(false) }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          update.view.setTabFocusMode(false);
          changed();
        }),
        // A tab index, since not all tools know that what is editable takes the focus.
        EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
        [lineNumbers(), lintGutter(), highlightActiveLineGutter(), highlightActiveLine()],
        [history(), drawSelection(), highlightSpecialChars(), bracketMatching()],
        // The browser's own search sees only the lines in view.
        search({ top: true }),
        [EditorState.tabSize.of(8), indentUnit.of('    ')],
        keymap.of([...searchKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap, indentWithTab]),
        [assembly, syntaxHighlighting(highlighting), theme],
      ],
    }),
  });
  return {
    get text() {
      return view.state.doc.toString();
    },
    replace(insert) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert } });
    },
    show(errors) {
      const { doc } = view.state;
      view.dispatch(
        setDiagnostics(
          view.state,
          errors.map((error) => markOf(doc, error)),
        ),
      );
    },
    goTo(line, column) {
      const anchor = positionOf(view.state.doc, line, column);
      view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) });
      view.focus();
    },
    focus: () => view.focus(),
    close: () => view.destroy(),
  };
};

Object.assign(globalThis, { openCodeView });
