import { cutText, foreignText } from '../text/foreign-text.ts'

/**
 * Reply texts, server names and error messages come from machines that are not ours. Each place that
 * they are written to has its own way of being told what to do; these take that way from them.
 */

/** One line that cannot steer a terminal, nor a GitHub runner's log (`##[command]` works anywhere in a line). */
export function oneLine(text: string, maxLength = 200): string {
  return cutText(foreignText(text, maxLength).replaceAll('##[', '## ['), maxLength)
}

/** Text inside Markdown, table cells included: no markup, no HTML, no links, no column of its own. */
export function markdownText(text: string, maxLength = 200): string {
  return oneLine(text, maxLength)
    .replace(/[\\`*_~[\]|#!]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/:\/\//g, ':\\//')
    .replace(/\bwww\./gi, (www) => `${www.slice(0, 3)}\\.`)
}

/** The message of a GitHub workflow command, as actions/toolkit's `escapeData` does it. */
export function commandMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

/** A property of a GitHub workflow command (`escapeProperty`). */
export function commandProperty(text: string): string {
  return commandMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
