#!/usr/bin/env node
// In the syntax of the oldest Node, which must still be able to read it: it says which one it wants.
'use strict'

var NEEDED = '24.0'
var ADVICE = 'Start it as "npx mailstorm …" in its folder: npm install has put the right Node there.'
var needed = NEEDED.split('.').map(Number)
var running = process.versions.node.split('.').map(Number)

if (running[0] < needed[0] || (running[0] === needed[0] && running[1] < needed[1])) {
  console.error(
    'Failed to start mailstorm: it needs Node ' +
      NEEDED +
      ' or newer, and this is Node ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ').\n' +
      ADVICE,
  )
  process.exitCode = 2
} else {
  void import('./cli.ts')
}
