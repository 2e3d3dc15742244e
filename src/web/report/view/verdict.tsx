/** What came of a run: verdict, figures, and the command that makes it. */
import { useState } from 'preact/hooks';
import type { Page } from './state.ts';

/** The verdict and the figures. */
export function Verdict({ page }: { page: Page }) {
  const { verdict, figures, before } = page.run.data;
  const sign = { good: '✓ ', bad: '✗ ', plain: '' }[verdict.tone];
  return (
    <>
      <p class="verdict">
        <b class={verdict.tone}>
          {sign}
          {verdict.text}
        </b>
        {verdict.notes.map((note) => (
          <span key={note}> · {note}</span>
        ))}
      </p>
      {before.map((text) => (
        <p key={text} class="prose">
          {text}
        </p>
      ))}
      <dl class="figures">
        {figures.map(({ name, value }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** A command, to be copied. */
export function Command({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard?.writeText(text).then(() => setCopied(true));
  };
  return (
    <div class="command">
      <code tabIndex={0}>{text}</code>
      <button type="button" onClick={copy}>
        {isCopied ? 'copied' : 'copy'}
      </button>
    </div>
  );
}
