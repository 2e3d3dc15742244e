// An apt of its own, for another architecture and release. It reads the host's apt settings (proxies and
// the like), but keeps its sources, lists, packages and dpkg status in its own folder, so that the host's
// apt is not touched and root is not needed.

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BuildError, run } from './tools.mjs';

const KEYRINGS = ['pgp', 'gpg'].map((kind) => `/usr/share/keyrings/debian-archive-keyring.${kind}`);

/** Packages that only serve maintainer scripts and service managers; neither runs in the guest. */
const NOT_NEEDED = [
  'adduser',
  'debconf',
  'dpkg',
  'init-system-helpers',
  'lsb-base',
  'procps',
  'sysvinit-utils',
  'ucf',
];

/** The Debian mirror in the host's apt sources. */
export async function hostMirror() {
  const targets = await run('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages']);
  const mirror = targets.split('\n').find((site) => /\/debian\/?$/.test(site));
  if (mirror === undefined) {
    throw new BuildError(
      "This machine's apt sources name no Debian mirror. Give one: --mirror http://deb.debian.org/debian",
    );
  }
  return mirror;
}

export class PrivateApt {
  #folder;
  #suite;
  #configuration;

  constructor({ folder, suite, mirror }) {
    this.#folder = resolve(folder);
    this.#suite = suite;
    this.mirror = mirror;
    this.#configuration = join(this.#folder, 'apt.conf');
    for (const name of ['lists/partial', 'packages/partial']) {
      mkdirSync(join(this.#folder, name), { recursive: true });
    }
    this.#writeConfiguration();
  }

  #writeConfiguration() {
    const at = (name) => JSON.stringify(join(this.#folder, name));
    const keyring = KEYRINGS.find(existsSync);
    if (keyring === undefined) {
      throw new BuildError(`${KEYRINGS.at(-1)} is missing: install the package debian-archive-keyring.`);
    }
    writeFileSync(
      join(this.#folder, 'sources.list'),
      `deb [signed-by=${keyring}] ${this.mirror} ${this.#suite} main\n`,
    );
    writeFileSync(
      join(this.#folder, 'status'),
      NOT_NEEDED.map(
        (name) =>
          `Package: ${name}\nStatus: install ok installed\nVersion: 999\nArchitecture: riscv64\n` +
          `Multi-Arch: foreign\nMaintainer: none\nDescription: not needed in the guest\n`,
      ).join('\n'),
    );
    // The hooks of the host's apt would act on the host's folders.
    writeFileSync(
      this.#configuration,
      `#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Architecture "riscv64";
APT::Architectures { "riscv64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Dir::Etc::SourceList ${at('sources.list')};
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State ${at('.')};
Dir::State::Lists ${at('lists')};
Dir::State::status ${at('status')};
Dir::Cache ${at('.')};
Dir::Cache::Archives ${at('packages')};
Dir::Log ${at('.')};
`,
    );
  }

  #apt(tool, ...args) {
    return run(tool, ['-c', this.#configuration, ...args], { cwd: join(this.#folder, 'packages') });
  }

  async update() {
    try {
      await this.#apt('apt-get', 'update');
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      throw new BuildError(
        `${error.message}\n\n${this.mirror} does not offer Debian ${this.#suite} for riscv64 in good order. ` +
          'Try again later (a mirror may be in the middle of an update), or choose another mirror (--mirror) ' +
          'or release (--suite).',
      );
    }
    const kernels = await this.#apt('apt-cache', 'pkgnames', 'linux-image-riscv64');
    if (!kernels.split('\n').includes('linux-image-riscv64')) {
      throw new BuildError(
        `${this.mirror} has no riscv64 kernel in Debian ${this.#suite}. ` +
          'Debian has this architecture since trixie: choose another release (--suite) or mirror (--mirror).',
      );
    }
  }

  /** The packages that hold the newest kernel and its modules; Debian has one or several for it. */
  async kernelPackages() {
    const found = new Set();
    const visit = async (name) => {
      const told = await this.#apt('apt-cache', 'depends', '--important', name);
      for (const [, dependency] of told.matchAll(/Depends: (\S+)/g)) {
        if (!/^linux-(image|binary|modules|base)-\d.*riscv64$/.test(dependency) || found.has(dependency))
          continue;
        found.add(dependency);
        await visit(dependency);
      }
    };
    await visit('linux-image-riscv64');
    return [...found].sort();
  }

  /** The packages and all that they depend on. */
  async withDependencies(names) {
    const plan = await this.#apt('apt-get', '--simulate', 'install', ...names);
    return [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name.replace(/:riscv64$/, '')).sort();
  }

  /** Fetches the packages that are not there yet, and gives back their files. */
  async download(names) {
    await this.#apt('apt-get', 'download', ...names);
    const folder = join(this.#folder, 'packages');
    const files = readdirSync(folder);
    const versions = await this.versions(names);
    return names.map((name) => {
      // apt writes the colon after an epoch as in a URL.
      const start = `${name}_${versions.get(name).replace(':', '%3a')}_`;
      const file = files.find((entry) => entry.startsWith(start));
      if (file === undefined) throw new BuildError(`apt-get download ${name} left no file ${start}*.deb`);
      return join(folder, file);
    });
  }

  /** The version of each package. */
  async versions(names) {
    const told = await this.#apt('apt-cache', 'policy', ...names);
    const found = told.matchAll(/^(\S+?)(?::riscv64)?:\n.*\n {2}Candidate: (\S+)/gm);
    return new Map([...found].map(([, name, version]) => [name, version]));
  }
}
