#!/usr/bin/env node

// A CommonJS module: Node.js loads these sooner, and its other modules are loaded on demand.

const { existsSync } = require('node:fs');
const { PROGRAM, program } = require('./program.js');

const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  fail(`vmft needs Node.js 20.19 or newer; this is ${process.versions.node}`);
} else if (!existsSync(PROGRAM)) {
  fail('vmft is not built yet: run `npm install` in its directory first');
} else {
  program().start();
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
