/**
 * How what there is only so much of is shared by tenants whose number nobody knows: by what is left, as switches
 * share their buffers (Choudhury and Hahne, Dynamic queue length thresholds, 1998): whoever asks gets up to twice what
 * is left then. One tenant takes at most two thirds, a second two thirds of the rest, and so on: of 200 slots it takes
 * seven tenants that hang to leave none. A tenant that has nothing may take one while any is left.
 */
const GREED = 2

/** Whether somebody who holds `held` may take one more, of which `free` are left. */
export function mayTakeOneMore(held: number, free: number): boolean {
  return held < GREED * free
}

/** How many more somebody who holds `held` may take at once, so that what it has then is not more than what is left. */
export function shareOf(free: number, held: number): number {
  return Math.max(0, Math.floor((free - held) / 2))
}
