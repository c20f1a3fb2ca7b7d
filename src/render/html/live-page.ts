import type { Assets } from './assets.ts'
import { html } from './markup.ts'
import { page } from './page.ts'
import { chartPlace, section } from './table.ts'

/** The page that shows a run while it goes on; all of it comes by events from `events`. */
export function renderLivePage(events: string, assets: Assets): string {
  const body = html`<header class="head"><div id="live-head"><div class="title"><h1>Waiting for a run</h1></div>
<p class="reason">Services are being booted, or a scenario rests before it starts.</p></div>
<ul class="finished" id="live-finished" aria-label="Runs that have ended"></ul>
<p class="calm" id="live-state" role="status"></p></header>
<div id="live-cards"></div>
${section('Over time', chartPlace('time'), 'All charts share one axis, in seconds since the start.')}`
  return page({ title: 'Live – mailstorm', body, charts: [], live: events }, assets)
}
