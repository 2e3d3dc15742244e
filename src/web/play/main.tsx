/** Starts the playground: unpacks what the page holds, starts the worker, and shows the form. */
import { unzipSync } from 'fflate';
import { render } from 'preact';
import { Client } from './client.ts';
import type { Files } from './model/guests.ts';
import { App } from './view/app.tsx';
import { Playground } from './view/playground.ts';

const text = document.getElementById('archive')!.textContent;
const archive = Uint8Array.from(atob(text.trim()), (char) => char.charCodeAt(0));
const files: Files = new Map(Object.entries(unzipSync(archive)));
const playground = new Playground(files, new Client(files.get('worker.js')!, files));
render(<App play={playground} />, document.getElementById('page')!);
playground.start();
