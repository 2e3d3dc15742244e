/** The looks of the editor of code, in the colours of the page. */
import { EditorView } from '@codemirror/view';

/** See above. */
export const theme = EditorView.theme({
  '&': {
    height: '100%',
    color: 'var(--ink)',
    backgroundColor: 'var(--panel)',
    fontSize: '12.5px',
  },
  // The page shows it round the whole (style.css).
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5', overflow: 'auto' },
  '.cm-content': { padding: '6px 0', caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': {
    color: 'var(--dim)',
    backgroundColor: 'var(--panel)',
    borderRight: '1px solid var(--grid)',
  },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--follow-fill)' },
  '.cm-activeLineGutter': { color: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--live) 26%, var(--panel))',
  },
  '&.cm-focused .cm-matchingBracket': {
    backgroundColor: 'transparent',
    outline: '1px solid var(--dim)',
  },
  // A line under the error: the library's own is an image in two fixed colours.
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--fault)',
    textUnderlineOffset: '3px',
  },
  '.cm-lintPoint-error::after': { borderBottomColor: 'var(--fault)' },
  '.cm-gutter-lint .cm-gutterElement': { padding: '0 2px' },
  '.cm-lint-marker-error': {
    content: 'none',
    width: '8px',
    height: '8px',
    margin: '5px 3px',
    borderRadius: '50%',
    backgroundColor: 'var(--fault)',
  },
  '.cm-tooltip': {
    maxWidth: 'min(60ch, 90vw)',
    color: 'var(--ink)',
    backgroundColor: 'var(--panel)',
    border: '1px solid var(--line)',
    borderRadius: '5px',
  },
  '.cm-diagnostic': { padding: '4px 10px', fontFamily: 'system-ui, "DejaVu Sans", sans-serif' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--fault)' },
  '.cm-panels': {
    color: 'var(--ink)',
    backgroundColor: 'var(--bg)',
    fontFamily: 'system-ui, "DejaVu Sans", sans-serif',
  },
  '.cm-panels.cm-panels-top': { borderBottom: '1px solid var(--line)' },
  '.cm-panels.cm-panels-bottom': { borderTop: '1px solid var(--line)' },
  '.cm-textfield, .cm-button': {
    color: 'var(--ink)',
    backgroundColor: 'var(--panel)',
    backgroundImage: 'none',
    border: '1px solid var(--line)',
    borderRadius: '5px',
    fontSize: '12px',
  },
  '.cm-panel.cm-search label': { fontSize: '12px' },
  '.cm-panel.cm-search [name=close]': { color: 'var(--ink)' },
  '.cm-searchMatch': { backgroundColor: 'color-mix(in srgb, var(--held) 30%, var(--panel))' },
  '.cm-searchMatch-selected': { outline: '2px solid var(--held)' },
  '.cm-panel.cm-panel-lint ul [aria-selected]': {
    color: 'var(--ink)',
    backgroundColor: 'var(--follow-fill)',
  },
});
