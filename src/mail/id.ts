/** Ids have room for the number of a day's run at 100,000 a second. */
const NUMBER_DIGITS = 10

/** The id of message `number` of a run, as it stands in its header. */
export function messageId(runId: string, number: number): string {
  return `${runId}-${String(number).padStart(NUMBER_DIGITS, '0')}`
}

/** Offsets of the number in octets that have the id of message 0. */
export function numberPlaces(octets: Buffer, runId: string): readonly number[] {
  const id = messageId(runId, 0)
  const places: number[] = []
  for (let at = octets.indexOf(id); at !== -1; at = octets.indexOf(id, at + 1))
    places.push(at + runId.length + 1)
  return places
}

/** Writes the number of a message over that of another one. */
export function writeNumber(octets: Buffer, at: number, number: number): void {
  let rest = number
  for (let digit = at + NUMBER_DIGITS - 1; digit >= at; digit--) {
    octets[digit] = 48 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
}
