/** What all views of the playground share: the form, the runs, and which of them is looked at. */
import { computed, effect, type Signal, signal } from '@preact/signals';
import type { Diagnostic } from '../../../asm/diagnostics.ts';
import { OperatingError } from '../../../base/errors.ts';
import { parseFault } from '../../../sim/faults/fault-text.ts';
import { type Link, linkText, readLink } from '../../../sim/session/link.ts';
import type { RunSpec } from '../../../sim/spec/spec.ts';
import { type StoryContent, storyText } from '../../../sim/story/story-text.ts';
import type { OpenCodeView } from '../../editor/code-view.ts';
import { Drafts } from '../../editor/drafts.ts';
import { codeViewOf } from '../../editor/load.ts';
import type { Focus } from '../../report/model/focus.ts';
import { icountAt, runOf } from '../../report/model/run.ts';
import { type Page, pageState } from '../../report/view/state.ts';
import { SearchState } from '../../search/search-state.ts';
import { type Client, Ended, Failed } from '../client.ts';
import { clientsOf, type Files, programFile, programNames } from '../model/guests.ts';
import {
  checkedSetup,
  type Form,
  formFrom,
  formOf,
  guestOfForm,
  isSame,
  movedTo,
  originOf,
  type Setup,
  scenarioOf,
  setupOf,
  withSpec,
} from '../model/setup.ts';
import type { MachineAnswer, MachinesQuery } from '../worker/machines.ts';
import type { FinishedRun, RunProgress } from '../worker/tasks.ts';

/** The most runs that are kept as tabs. */
const MAX_RUNS = 8;

/** The address is written when the focus has rested for so long. */
const ADDRESS_MS = 250;

/** What is shown first. */
const FIRST = 'story primary-dies-before-output';

/** The result of a setup's run, and what is looked at in it. */
export interface Finished {
  page: Page;
  run: FinishedRun;
  setup: Setup;
}

/** A run, under way or finished. */
export interface RunTab {
  id: number;
  /** The fields that it was made from. */
  from: string;
  setup: Signal<Setup>;
  /** The last result: of an earlier setup while a changed one runs. */
  result: Signal<Finished | undefined>;
  progress: Signal<RunProgress | undefined>;
  isRunning: Signal<boolean>;
  error: Signal<{ text: string; isBug: boolean } | undefined>;
}

/** The state of the playground. */
export class Playground {
  readonly form: Signal<Form>;
  readonly runs = signal<readonly RunTab[]>([]);
  readonly current = signal(0);
  /** What is wrong with the form, or with the address. */
  readonly problem = signal<string | undefined>(undefined);
  readonly tab = computed(() => this.runs.value.find(({ id }) => id === this.current.value));
  /** Which tools are open. */
  readonly isEditing = signal(false);
  readonly isSearching = signal(false);
  readonly drafts = new Drafts(() => localStorage);
  readonly search: SearchState;
  private last = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The address that was written last. */
  private written = '';

  constructor(
    readonly files: Files,
    private readonly client: Client,
  ) {
    this.form = signal(formFrom(files, FIRST));
    this.search = new SearchState(
      programNames(files).map((name) => ({ name, clients: clientsOf(files, name) })),
      (request, progress, ended) => client.call('search', request, progress, ended),
    );
  }

  /** Runs what the address says, or the first story; from then on the address follows. */
  start(): void {
    if (!this.openAddress()) this.open(setupOf(this.files, this.form.value), FIRST);
    addEventListener('hashchange', () => this.openAddress());
    effect(() => {
      const tab = this.tab.value;
      const result = tab?.result.value;
      if (!result) return;
      const { page, setup, run } = result;
      document.title = `${run.page.title} – vmft playground`;
      this.writeAddress({ ...setup, focus: placeOf(page) });
    });
  }

  /** Browsers take only so many changes of an address in a while. */
  private writeAddress(link: Link): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.written = `#${linkText(link)}`;
      if (location.hash !== this.written) history.replaceState(null, '', this.written);
    }, ADDRESS_MS);
  }

  /** False for an address without a link, or with a damaged one, of which `problem` says so. */
  private openAddress(): boolean {
    const { hash } = location;
    if (hash.length < 2 || hash === this.written) return false;
    try {
      const { story, source, focus } = readLink(hash.slice(1));
      const setup = checkedSetup(this.files, { story, ...(source !== undefined && { source }) });
      const from = originOf(this.files, setup);
      this.form.value = formOf(from, setup);
      this.problem.value = undefined;
      this.open(setup, from, { atNs: focus.atNs, host: focus.host });
      return true;
    } catch (error) {
      this.problem.value = `This link can't be opened: ${messageOf(error)}`;
      return false;
    }
  }

  /** Takes the fields of another story or program into the form. */
  choose(from: string): void {
    this.form.value = formFrom(this.files, from);
    this.problem.value = undefined;
  }

  /** Runs a story or program as it is bundled. */
  openBundled(from: string): void {
    this.choose(from);
    this.runForm();
  }

  /** Runs what the form says, in a tab of its own unless there is one. */
  runForm(): void {
    const { form } = this;
    try {
      const setup = setupOf(this.files, form.value);
      this.problem.value = undefined;
      this.open(setup, form.value.from);
    } catch (error) {
      this.problem.value = messageOf(error);
    }
  }

  // ── Tools ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The program of the form, and its bundled source; none for an ELF file. */
  get program(): { name: string; file: string; source: string | undefined } {
    const name = guestOfForm(this.files, this.form.value);
    const file = programFile(this.files, name);
    const source = file.endsWith('.s') ? new TextDecoder().decode(this.files.get(file)) : undefined;
    return { name, file, source };
  }

  /** Loads the editor of code. @throws {Error} if the page's policy does not admit it */
  async loadEditor(): Promise<OpenCodeView> {
    return codeViewOf(new TextDecoder().decode(this.files.get('editor.js')));
  }

  /** The assembler's errors in a source of a program. */
  check(guest: string, source: string): Promise<readonly Diagnostic[]> {
    return this.client.call('check', { guest, source });
  }

  /** Runs the form with another source. */
  runSource(source: string): void {
    const isBundled = source === this.program.source;
    this.form.value = { ...this.form.value, source: isBundled ? undefined : source };
    this.runForm();
  }

  /** Runs a story that was found. */
  openStory(content: StoryContent): void {
    const setup = checkedSetup(this.files, { story: storyText(content) });
    const from = originOf(this.files, setup);
    this.form.value = formOf(from, setup);
    this.problem.value = undefined;
    this.open(setup, from);
  }

  // ── Faults of the run that is looked at ───────────────────────────────────────────────────────────────────────────

  /** Makes a run with one more fault. */
  addFault(text: string): void {
    this.vary(true, (spec) => ({ ...spec, faults: [...spec.faults, parseFault(text)] }));
  }

  /** Makes a run without a fault. */
  removeFault(index: number): void {
    this.vary(true, (spec) => ({ ...spec, faults: spec.faults.filter((_, at) => at !== index) }));
  }

  /** Moves a fault to a time, in a new run, or in the one that is looked at instead of what runs there. */
  moveFault(index: number, atNs: number, isNew: boolean): void {
    this.vary(isNew, (spec) => ({
      ...spec,
      faults: spec.faults.map((fault, at) => (at === index ? movedTo(fault, atNs) : fault)),
    }));
  }

  private vary(isNew: boolean, change: (spec: RunSpec) => RunSpec): void {
    const tab = this.tab.value;
    if (!tab) return;
    try {
      const setup = withSpec(tab.setup.value, change(scenarioOf(tab.setup.value).spec));
      this.problem.value = undefined;
      this.form.value = formOf(tab.from, setup);
      if (isNew) this.openNew(setup, tab.from, undefined, tab.result.value);
      else {
        tab.setup.value = setup;
        void this.execute(tab);
      }
    } catch (error) {
      this.problem.value = messageOf(error);
    }
  }

  /** Machines of a run; undefined when a newer question has ended this one. */
  async machines(tab: RunTab, setup: Setup, query: MachinesQuery): Promise<MachineAnswer[] | undefined> {
    try {
      return await this.client.call('machines', { run: tab.id, setup, ...query });
    } catch (error) {
      if (error instanceof Ended) return undefined;
      throw error;
    }
  }

  /** Shows a run. */
  show(tab: RunTab): void {
    this.current.value = tab.id;
    this.form.value = formOf(tab.from, tab.setup.value);
  }

  /** Closes a tab; the one before it is shown. */
  close(tab: RunTab): void {
    const at = this.runs.value.indexOf(tab);
    this.runs.value = this.runs.value.filter((one) => one !== tab);
    if (this.current.value === tab.id) this.current.value = this.runs.value[Math.max(0, at - 1)]?.id ?? 0;
  }

  /** Ends the run that is under way. */
  cancel(): void {
    this.client.cancel('run');
  }

  /** Shows the run of a setup that there is, or makes one. */
  private open(setup: Setup, from: string, focus?: Partial<Focus>): void {
    const known = this.runs.value.find((tab) => isSame(tab.setup.value, setup) && !tab.error.value);
    if (!known) return this.openNew(setup, from, focus);
    this.current.value = known.id;
    if (focus) known.result.value?.page.look(focus);
  }

  /** Until the run is finished, the result of an earlier one is shown, if there is one. */
  private openNew(setup: Setup, from: string, focus?: Partial<Focus>, before?: Finished): void {
    const tab: RunTab = {
      ...{ id: ++this.last, from, setup: signal(setup), result: signal(before) },
      ...{ progress: signal(undefined), isRunning: signal(false), error: signal(undefined) },
    };
    this.runs.value = [...this.runs.value, tab].slice(-MAX_RUNS);
    this.current.value = tab.id;
    void this.execute(tab, focus);
  }

  /** Runs a tab's setup; a newer run ends this one. */
  private async execute(tab: RunTab, focus?: Partial<Focus>): Promise<void> {
    const setup = tab.setup.value;
    tab.isRunning.value = true;
    tab.error.value = undefined;
    tab.progress.value = undefined;
    try {
      const run = await this.client.call('run', { run: tab.id, setup }, (progress) => {
        tab.progress.value = progress;
      });
      if (tab.setup.value !== setup) return;
      const look = focus ?? tab.result.value?.page.focus.value;
      tab.result.value = { run, setup, page: pageState(runOf(run.page), look) };
      tab.isRunning.value = false;
    } catch (error) {
      if (tab.setup.value !== setup) return;
      tab.isRunning.value = false;
      tab.error.value = {
        text: error instanceof Ended ? 'The run was ended before it was over.' : messageOf(error),
        isBug: error instanceof Failed && !error.expected,
      };
    }
  }
}

/** The focus of a page, for a link. */
function placeOf({ run, focus }: Page): Link['focus'] {
  const { atNs, host } = focus.value;
  return { atNs, host, icount: icountAt(run, host, atNs) ?? 0 };
}

/** @throws what is no error for the reader */
function messageOf(error: unknown): string {
  if (error instanceof OperatingError || error instanceof Failed) return error.message;
  throw error;
}
