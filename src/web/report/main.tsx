/** Starts the page: reads its data, and shows it. */
import { inflateSync } from 'fflate';
import { render } from 'preact';
import type { PageData } from '../../report/page/page-data.ts';
import { runOf } from './model/run.ts';
import { App } from './view/app.tsx';
import { pageInAddress } from './view/state.ts';

const text = document.getElementById('data')!.textContent;
const bytes = Uint8Array.from(atob(text.trim()), (char) => char.charCodeAt(0));
const data: PageData = JSON.parse(new TextDecoder().decode(inflateSync(bytes)));
render(<App page={pageInAddress(runOf(data))} />, document.getElementById('page')!);
