/** A number from 0 to below 1 for each call, the same for the same seeds (splitmix32, Steele et al. 2014). */
export function randomOf(seed: number, stream: number): () => number {
  let state = mix(mix(seed) + stream)
  return () => {
    state = (state + 0x9e3779b9) | 0
    return (mix(state) >>> 0) / 2 ** 32
  }
}

function mix(value: number): number {
  let mixed = value | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return mixed ^ (mixed >>> 15)
}
