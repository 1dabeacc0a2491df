/** Makes an input that fails smaller. */

/** It need not be the smallest there is: after so many tries it is good enough. */
const MAX_TRIES = 4_000;

/**
 * Takes away pieces, large ones first, then makes bytes zero, as long as the input fails.
 *
 * @param fails - whether an input fails in the same way
 */
export async function minimise(input: Buffer, fails: (input: Buffer) => Promise<boolean>): Promise<Buffer> {
  let smallest = input;
  let tries = 0;
  const tryIt = async (candidate: Buffer): Promise<boolean> => {
    if (tries++ >= MAX_TRIES || !(await fails(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (let size = input.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest.length;) {
      const without = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)]);
      if (!(await tryIt(without))) at += size;
    }
  }
  for (let at = 0; at < smallest.length; at++) {
    if (smallest[at] === 0) continue;
    const simpler = Buffer.from(smallest);
    simpler[at] = 0;
    await tryIt(simpler);
  }
  return smallest;
}
