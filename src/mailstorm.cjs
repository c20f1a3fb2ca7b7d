#!/usr/bin/env node
// In the syntax of the oldest Node, which must still be able to read it: it says which one it wants.
'use strict'

var NEEDED_MAJOR = 24
var ADVICE = 'Start it as "npx mailstorm …" in its folder: npm install has put the right Node there.'
var major = Number(process.versions.node.split('.')[0])

if (major < NEEDED_MAJOR) {
  console.error(
    'Failed to start mailstorm: Node ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ') cannot run it, which needs Node ' +
      NEEDED_MAJOR +
      ' or newer.\n' +
      ADVICE,
  )
  process.exitCode = 2
} else {
  void import('./cli.ts')
}
