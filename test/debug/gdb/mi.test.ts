/**
 * gdb as VS Code drives it: the commands in GDB/MI that the extension C/C++ sends (MIEngine, DebuggedProcess.cs and
 * MICommandFactory.cs), and those of Native Debug (code-debug, mi2.ts), whose buttons also go backwards.
 */
import { spawn } from 'node:child_process';
import { expect } from 'vitest';
import { workplace } from '../../cli/command.ts';
import { real } from '../../host/real.ts';
import { serve } from './gdb-session.ts';
import { recordList } from './guests.ts';

const { directory, vmft } = workplace();

/** gdb with its machine interface. */
class MachineInterface {
  private readonly child = spawn('gdb-multiarch', ['--interpreter=mi', '-nx', '-q'], { cwd: directory });
  private output = '';
  private token = 0;

  constructor() {
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
  }

  /** What gdb prints up to and including a line that matches. */
  private async until(line: RegExp): Promise<string> {
    for (;;) {
      const found = line.exec(this.output);
      if (found) {
        const said = this.output.slice(0, found.index + found[0].length);
        this.output = this.output.slice(said.length);
        return said;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** The result of a command, with what gdb prints before it. */
  ask(command: string): Promise<string> {
    this.child.stdin.write(`${++this.token}${command}\n`);
    return this.until(new RegExp(`^${this.token}\\^.*\\n`, 'm'));
  }

  /** A command after which the guest runs; returns why and where it stops. */
  async run(command: string): Promise<string> {
    expect([command, await this.ask(command)]).toEqual([command, expect.stringMatching(/\^running\n$/)]);
    return this.until(/^\*stopped.*\n/m);
  }

  end(): void {
    this.child.kill('SIGKILL');
  }
}

real('the commands of VS Code', async () => {
  await recordList({ directory, vmft });
  const server = await serve(directory, 'guest.log');
  const gdb = new MachineInterface();
  try {
    for (const command of [
      '-gdb-set mi-async on',
      '-list-features',
      '-interpreter-exec console "set pagination off"',
      '-gdb-set auto-solib-add on',
      `-environment-cd "${directory}"`,
      '-file-exec-and-symbols guest.elf',
      '-interpreter-exec console "show architecture"',
      '-break-insert -f main',
    ])
      expect([command, await gdb.ask(command)]).toEqual([command, expect.stringMatching(/\^done/)]);
    expect(await gdb.ask(`-target-select remote 127.0.0.1:${server.port}`)).toContain('^connected');
    expect(await gdb.ask('-list-target-features')).toContain('"reverse"');
    expect(await gdb.run('-exec-continue')).toMatch(/reason="breakpoint-hit".*func="main"/);
    await gdb.ask('-break-delete 1');
    expect(await gdb.ask('-thread-info')).toMatch(/threads=\[\{id="1",.*func="main"/);

    await gdb.ask('-break-insert -f -c "n[3].value == 3" sum');
    await gdb.ask('-break-insert -f corrupt');
    expect(await gdb.run('-exec-continue')).toContain('func="sum"');
    expect(await gdb.ask('-stack-list-frames 0 999')).toMatch(
      /level="0",.*func="sum".*level="1",.*func="main"/,
    );
    expect(await gdb.ask('-stack-list-variables --thread 1 --frame 0 1')).toContain('name="n"');
    await gdb.ask('-var-create first * "nodes[15]"');
    expect(await gdb.ask('-var-list-children --simple-values "first" 0 1000')).toMatch(/value="15"/);
    expect(await gdb.ask('-var-assign first.value "7"')).toContain('^error');
    expect(await gdb.ask('-data-evaluate-expression broken')).toContain('value="7"');
    expect(await gdb.run('-exec-next')).toMatch(/end-stepping-range/);
    expect(await gdb.run('-exec-finish')).toMatch(/function-finished.*func="main"/);
    expect(await gdb.ask('-data-list-register-values x 32')).toMatch(/number="32",value="0x800/);
    expect(await gdb.ask('-data-disassemble -s $pc -e "$pc+8" -- 0')).toContain('func-name="main"');

    await gdb.ask('-break-delete 2');
    expect(await gdb.run('-exec-continue')).toMatch(/breakpoint-hit.*func="corrupt"/);
    await gdb.ask('-break-watch *(int*)(&broken)');
    expect(await gdb.run('-exec-continue')).toMatch(/watchpoint-trigger.*old="7",new="99"/);
    expect(await gdb.run('-exec-continue --reverse')).toMatch(/watchpoint-trigger.*old="99",new="7"/);
    expect(await gdb.run('-exec-step --reverse')).toMatch(/^\*stopped/m);
    // What `-exec reverse-continue` is in the debug console of C/C++.
    expect(await gdb.run('-interpreter-exec console "reverse-continue"')).toMatch(
      /breakpoint-hit.*func="corrupt"/,
    );
    expect(await gdb.ask('-interpreter-exec console "monitor icount"')).toMatch(/^@"\d+\\n"$/m);
    expect(await gdb.ask('-target-detach')).toContain('^done');
  } finally {
    gdb.end();
    server.end();
  }
});
