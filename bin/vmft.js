#!/usr/bin/env node

import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
const program = new URL('../dist/vmft.js', import.meta.url);

if (major < 20 || (major === 20 && minor < 19)) {
  fail(`vmft needs Node.js 20.19 or newer; this is ${process.versions.node}`);
} else if (!existsSync(program)) {
  fail('vmft is not built yet: run `npm install` in its directory first');
} else {
  await import(program.href);
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
