import { writeAtomically } from '../../../src/results/atomic-write.ts'

/** Replaces a file again and again, by all `a` and all `b` in turn, until it is killed. */
const [path = '', bytes = '0'] = process.argv.slice(2)
for (let turn = 0; ; turn++) {
  await writeAtomically(path, (turn % 2 === 0 ? 'a' : 'b').repeat(Number(bytes)))
  if (turn === 0) process.stdout.write('begun\n')
}
