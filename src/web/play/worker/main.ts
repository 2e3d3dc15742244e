/** The worker: it gets its files first, and then requests. */
import { prepareInterpreter } from '../../../cpu/hart.ts';
import type { Files } from '../model/guests.ts';
import { TaskServer } from './serve.ts';
import { workersOf } from './sessions.ts';
import type { Answer, Request } from './tasks.ts';

/** A worker's own end of its channel: the types of the page's globals have none. */
const here = self as unknown as MessagePort;
const { port1, port2 } = new MessageChannel();

function serve(files: Files): TaskServer {
  prepareInterpreter(true, files.get('interpreter.wasm'));
  return new TaskServer(workersOf(files), {
    nowMs: () => performance.now(),
    // A timer would wait.
    turn: () =>
      new Promise((resolve) => {
        port1.onmessage = () => resolve();
        port2.postMessage(undefined);
      }),
    send: (answer: Answer) => here.postMessage(answer),
  });
}

let server: TaskServer | undefined;
here.onmessage = ({ data }: MessageEvent<Files | Request>) => {
  if (data instanceof Map) server = serve(data);
  else server!.handle(data as Request);
};
